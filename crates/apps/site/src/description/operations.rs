//! The parts that all operations have: an id of their own, a description, security schemes, refusals.

use serde_json::{Map, Value, json};

use super::refusals::{self, Body, Shape};

/// Methods that a path of the description may have.
const METHODS: [&str; 6] = ["get", "head", "put", "post", "patch", "delete"];

/// Completes every operation.
pub fn complete(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    let mut shared = Map::new();
    for (path, item) in paths {
        for method in METHODS {
            let Some(Value::Object(operation)) = item.get_mut(method) else { continue };
            complete_one(&format!("{method} {path}"), method, operation, &mut shared);
        }
    }
    document["components"]["responses"] = shared.into();
}

fn complete_one(
    route: &str,
    method: &str,
    operation: &mut Map<String, Value>,
    shared: &mut Map<String, Value>,
) {
    if !operation.contains_key("description") {
        let summary = operation.get("summary").cloned().unwrap_or_default();
        operation.insert("description".into(), summary);
    }
    // A route that takes other credentials, or none, says so itself.
    let security = json!([{"session": []}, {"token": []}]);
    let security = operation.entry("security").or_insert(security);
    let signed_in = security.as_array().is_some_and(|all| all.iter().any(|one| one != &json!({})));
    let body = operation.get("requestBody").map(body_of);
    let shape = Shape { signed_in, writes: !matches!(method, "get" | "head"), body };
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2'))
        {
            if response["description"].as_str().is_none_or(str::is_empty) {
                response["description"] = said_by(status).into();
            }
        }
        refusals::complete(route, &shape, responses, shared);
    }
}

/// The meaning of a status, for answers without a description.
fn said_by(status: &str) -> &'static str {
    match status {
        "201" => "It was made.",
        "202" => "It was asked for.",
        "204" => "It was done.",
        _ => "The answer.",
    }
}

fn body_of(body: &Value) -> Body {
    let content = &body["content"];
    let is_plain =
        ["text/plain", "application/octet-stream"].iter().any(|t| content.get(t).is_some());
    if is_plain { Body::Any } else { Body::Fields }
}
