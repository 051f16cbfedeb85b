//! The guest book in the description of the API, and in the TypeScript that is generated from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::served::command;

/// Uses the types as a page's own code does. It does not compile if one of them lacks the guest book.
const PAGE: &str = r#"
import type { components, operations, paths } from './wire';

type Schemas = components['schemas'];

export const command: Schemas['Command'] = { type: 'sign', id: 1, text: 'Hello' };
export const entry: operations['write_guest_book']['requestBody']['content']['application/json'] = { text: 'Hello' };
export type Written = paths['/v1/guest-book']['post'];

export function texts(snapshot: Schemas['Snapshot']): string[] {
  return snapshot.guest_book.map((entry) => `${entry.author}: ${entry.text}`);
}

export function text(event: Schemas['FeedEvent']): string | undefined {
  return event.kind === 'entry_written' ? event.body.text : undefined;
}
"#;

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../web").canonicalize().unwrap()
}

/// Runs a program of the web packages and returns what it prints; panics with it if it finds a fault.
fn tool(program: &str, args: &[&str]) -> String {
    let path = web().join("node_modules/.bin").join(program);
    let output = Command::new(path).args(args).current_dir(web()).output().unwrap();
    let [printed, logged] = [output.stdout, output.stderr].map(|o| String::from_utf8(o).unwrap());
    assert!(output.status.success(), "{program} {args:?}:\n{printed}{logged}");
    printed
}

#[test]
fn a_product_is_in_the_description_of_the_api_and_in_its_typescript() {
    let text = command(&["openapi"], "");
    let api: Value = serde_json::from_str(&text).unwrap();
    assert!(api["paths"]["/v1/guest-book"]["post"].is_object());
    let schemas = &api["components"]["schemas"];
    let field = &schemas["Snapshot"]["properties"]["guest_book"];
    assert_eq!(field["items"]["$ref"], "#/components/schemas/Entry");
    let event = json!({"$ref": "#/components/schemas/EntryWrittenEvent"});
    assert!(schemas["FeedEvent"]["oneOf"].as_array().unwrap().contains(&event));
    let command = json!({"$ref": "#/components/schemas/GuestBookCommand"});
    assert!(schemas["Command"]["oneOf"].as_array().unwrap().contains(&command));

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (description, types, page) = (file("openapi.json"), file("wire.ts"), file("page.ts"));
    fs::write(&description, text).unwrap();
    fs::write(&page, PAGE).unwrap();
    // As `npm run wire` and `npm run lint:api` do for the server's own description.
    tool("openapi-typescript", &[&description, "-o", &types, "--alphabetize"]);
    tool("tsc", &["--noEmit", "--strict", "--skipLibCheck", &page]);
    let found = ["lint", "--config", "redocly.yaml", "--format", "json", &description];
    let found: Value = serde_json::from_str(&tool("redocly", &found)).unwrap();
    assert_eq!(
        (&found["totals"]["errors"], &found["totals"]["warnings"]),
        (&json!(0), &json!(0)),
        "{found}"
    );
    let strict = ["lint", "--quiet", "--ruleset", "spectral.yaml", "--fail-severity", "hint"];
    tool("spectral", &[&strict[..], &[&description]].concat());
}
