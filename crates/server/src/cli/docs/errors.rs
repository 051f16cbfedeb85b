//! The reference page of error codes.

use encke_engine::Code;

use super::{cell, head, wrapped};

pub fn page() -> String {
    let mut out = head("Codes of refusals", "`crates/engine/src/error.rs`");
    let text = "A refusal is `{\"error\":{\"code\",\"message\",\"retry\",\"retry_after_ms\"?}}`; over a WebSocket the same object comes as \
        the answer to a command. `code` is stable, `message` is a sentence for people and may change. `retry` says whether the same \
        request may succeed later.";
    out += &wrapped(text, "");
    out += "\n| code | status | retry | meaning |\n| --- | --- | --- | --- |\n";
    for code in Code::ALL {
        let retry = if code.retry() { "yes" } else { "no" };
        let about = cell(code.about().trim());
        out += &format!("| `{}` | {} | {retry} | {about} |\n", code.text(), code.status());
    }
    out
}
