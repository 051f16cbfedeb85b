//! Embeds the built web chat: a table of its files with their compressed forms.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn files(dir: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let crate_dir = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let dist = crate_dir.join("../../web/chat/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut found = Vec::new();
    if dist.is_dir() {
        files(&dist, &mut found)?;
    }
    found.sort();
    let mut table = String::from("&[\n");
    for path in &found {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if matches!(extension, "br" | "gz") {
            continue;
        }
        let name = path.strip_prefix(&dist).expect("it lies in it").to_string_lossy();
        let included = |path: &Path| format!("include_bytes!({:?})", path);
        let packed = |end: &str| {
            let packed = PathBuf::from(format!("{}.{end}", path.display()));
            if packed.is_file() { format!("Some({})", included(&packed)) } else { "None".into() }
        };
        let (plain, br, gz) = (included(path), packed("br"), packed("gz"));
        writeln!(table, "File {{ name: {name:?}, plain: {plain}, br: {br}, gz: {gz} }},")
            .expect("a String takes all");
    }
    table.push(']');
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("assets.rs"), table)
}
