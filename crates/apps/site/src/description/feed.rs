//! The unions of all that travels in a feed, made of the kinds that each product adds.

use serde_json::{Map, Value, json};

use crate::feed_body::{InFeed, Named};
use crate::product::Products;
use crate::reply::Refused;

/// Puts the kinds of all products into the unions.
pub fn complete(document: &mut Value, products: Products) {
    let schemas = &mut document["components"]["schemas"];
    let Value::Object(schemas) = schemas else { return };
    add(schemas, Named::of::<Refused>());
    let (mut events, mut signals, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    for product in products {
        let InFeed { events: e, signals: s, commands: c } = product.in_feed();
        events.extend(e.into_iter().map(|(kind, body)| (kind, add(schemas, body))));
        signals.extend(s.into_iter().map(|(kind, body)| (kind, add(schemas, body))));
        commands.extend(c.into_iter().map(|body| add(schemas, body)));
    }
    let about = "An entry of the log; `kind` tells its body. A server that is newer than its client may send further kinds.";
    union(schemas, "FeedEvent", about, &events, entry);
    let about = "A signal: at most once, never stored. `kind` tells its body.";
    union(schemas, "Signal", about, &signals, signal);
    if let Some(command) = schemas.get_mut("Command") {
        let about = "What a client says over a WebSocket.";
        *command = match &commands[..] {
            [only] => only.clone(),
            _ => json!({"description": about, "oneOf": commands}),
        };
    }
}

/// Adds a schema and the schemas in it. Returns the reference to it.
fn add(schemas: &mut Map<String, Value>, named: Named) -> Value {
    let value = |schema| without_a_choice_of_one(serde_json::to_value(schema).expect("it is JSON"));
    for (name, other) in named.others {
        schemas.entry(name).or_insert_with(|| value(other));
    }
    let reference = json!({"$ref": format!("#/components/schemas/{}", named.name)});
    schemas.insert(named.name, value(named.schema));
    reference
}

/// A `oneOf` with a single schema is that schema: an enum of commands may have only one variant.
fn without_a_choice_of_one(schema: Value) -> Value {
    match schema["oneOf"].as_array().map(Vec::as_slice) {
        Some([Value::Object(only)]) => {
            let mut only = only.clone();
            let about = schema.get("description").cloned();
            only.extend(about.map(|about| ("description".to_owned(), about)));
            only.into()
        }
        _ => schema,
    }
}

/// Adds a schema for each kind, and their union under this name.
fn union(
    schemas: &mut Map<String, Value>,
    name: &str,
    about: &str,
    kinds: &[(&'static str, Value)],
    item: impl Fn(&str, &Value) -> Value,
) {
    if !schemas.contains_key(name) {
        return;
    }
    let (mut all, mut mapping) = (Vec::new(), Map::new());
    let suffix = if name == "FeedEvent" { "Event" } else { name };
    for (kind, body) in kinds {
        let own = format!("{}{suffix}", camel(kind));
        let path = format!("#/components/schemas/{own}");
        mapping.insert((*kind).to_owned(), json!(path));
        all.push(json!({"$ref": path}));
        schemas.insert(own, item(kind, body));
    }
    let discriminator = json!({"propertyName": "kind", "mapping": mapping});
    let whole = json!({"description": about, "oneOf": all, "discriminator": discriminator});
    schemas.insert(name.to_owned(), whole);
}

/// Turns `member_joined` into `MemberJoined`.
pub fn camel(kind: &str) -> String {
    let upper = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    kind.split('_').filter(|word| !word.is_empty()).map(upper).collect()
}

fn entry(kind: &str, body: &Value) -> Value {
    json!({
        "type": "object",
        "description": format!("An event of the kind `{kind}`."),
        "required": ["type", "cursor", "stream", "seq", "at", "kind", "body"],
        "properties": {
            "type": {"type": "string", "enum": ["event"]},
            "cursor": {"type": "string", "description": "The client's new cursor once it holds the event."},
            "stream": {"type": "string", "description": "The name of its stream."},
            "seq": {
                "type": "integer", "format": "int64", "minimum": 1,
                "description": "1, 2, 3 … in its stream, without gaps.",
            },
            "at": {
                "type": "integer", "format": "int64", "minimum": 0,
                "description": "Milliseconds since 1970 by the server's clock.",
            },
            "kind": {"type": "string", "enum": [kind]},
            "from": {"type": "string", "description": "The person who did it; absent when nobody did."},
            "key": {"type": "string", "description": "The sender's idempotency key, if it gave one."},
            "body": body,
        },
    })
}

fn signal(kind: &str, body: &Value) -> Value {
    json!({
        "type": "object",
        "description": format!("A signal of the kind `{kind}`."),
        "required": ["type", "kind", "stream", "from", "body"],
        "properties": {
            "type": {"type": "string", "enum": ["signal"]},
            "kind": {"type": "string", "enum": [kind]},
            "stream": {"type": "string", "description": "The conversation in which it is told."},
            "from": {"type": "string", "description": "The person that it is about."},
            "body": body,
        },
    })
}
