//! Embeds the built screens: a table of their files, by address, with their compressed forms.

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

/// The screens, and the address below which the files of each are served. Those of the widget and of the components have
/// theirs in their names.
const SCREENS: [(&str, &str); 4] =
    [("chat", ""), ("desk", "desk/"), ("widget", ""), ("components", "")];

fn main() -> io::Result<()> {
    let crate_dir = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut table = String::from("&[\n");
    for (screen, below) in SCREENS {
        let dist = crate_dir.join("../../web").join(screen).join("dist");
        println!("cargo::rerun-if-changed={}", dist.display());
        let mut found = Vec::new();
        if dist.is_dir() {
            files(&dist, &mut found)?;
        }
        found.sort();
        found.iter().for_each(|path| row(&mut table, &dist, below, path));
    }
    table.push(']');
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("assets.rs"), table)
}

/// Adds a file to the table, unless it is the compressed form of another.
fn row(table: &mut String, dist: &Path, below: &str, path: &Path) {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if matches!(extension, "br" | "gz") {
        return;
    }
    let name = path.strip_prefix(dist).expect("it lies in it").to_string_lossy();
    let name = format!("{below}{name}");
    let included = |path: &Path| format!("include_bytes!({:?})", path);
    let packed = |end: &str| {
        let packed = PathBuf::from(format!("{}.{end}", path.display()));
        if packed.is_file() { format!("Some({})", included(&packed)) } else { "None".into() }
    };
    let (plain, br, gz) = (included(path), packed("br"), packed("gz"));
    writeln!(table, "File {{ name: {name:?}, plain: {plain}, br: {br}, gz: {gz} }},")
        .expect("a String takes all");
}
