//! The reference pages say the same as the source.

use std::fs;
use std::path::Path;

use crate::harness::encke;

#[test]
fn no_reference_page_is_stale() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let pages = [
        ("options", "options.md"),
        ("example", "encke.example.toml"),
        ("limits", "limits.md"),
        ("errors", "errors.md"),
        ("metrics", "metrics.md"),
        ("openapi", "openapi.json"),
    ];
    for (page, file) in pages {
        let made = encke(&["docs", page], None, "");
        assert!(made.status.success(), "{made:?}");
        let committed = fs::read_to_string(folder.join(file)).unwrap_or_default();
        let is_fresh = String::from_utf8(made.stdout).unwrap() == committed;
        assert!(is_fresh, "docs/reference/{file} is stale: run `make reference`");
    }
}
