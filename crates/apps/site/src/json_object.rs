//! Answers that are put together from parts which are JSON already, so that nothing is parsed or written twice.

use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes};
use http::header;
use serde::Serialize;

/// Bytes for which an object has room at first.
const FIRST_BYTES: usize = 1024;

/// A JSON object that is written field by field. Names and parts are trusted: nothing checks that the result is JSON.
pub struct JsonObject(Vec<u8>);

impl Default for JsonObject {
    fn default() -> Self {
        JsonObject::with_room(FIRST_BYTES)
    }
}

impl JsonObject {
    /// An empty object with room for this many bytes.
    pub fn with_room(bytes: usize) -> Self {
        let mut json = Vec::with_capacity(bytes);
        json.put_u8(b'{');
        JsonObject(json)
    }

    /// Adds a field.
    pub fn put(&mut self, name: &'static str, value: &impl Serialize) {
        self.put_name(name);
        serde_json::to_writer(&mut self.0, value).expect("answers are plain data");
    }

    /// Adds a field with a list of values that are JSON already.
    pub fn put_list<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a [u8]>) {
        self.put_name(name);
        self.0.put_u8(b'[');
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.0.put_u8(b',');
            }
            self.0.put_slice(value);
        }
        self.0.put_u8(b']');
    }

    /// Adds a field with a value that is JSON already.
    pub fn put_json(&mut self, name: &'static str, json: &[u8]) {
        self.put_name(name);
        self.0.put_slice(json);
    }

    /// Adds all fields of another object.
    pub fn put_fields(&mut self, other: &[u8]) {
        let fields = &other[1..other.len() - 1];
        if self.0.len() > 1 && !fields.is_empty() {
            self.0.put_u8(b',');
        }
        self.0.put_slice(fields);
    }

    fn put_name(&mut self, name: &'static str) {
        if self.0.len() > 1 {
            self.0.put_u8(b',');
        }
        self.0.put_u8(b'"');
        self.0.put_slice(name.as_bytes());
        self.0.put_slice(b"\":");
    }

    /// The bytes of the object so far.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The bytes of the whole object.
    pub fn into_bytes(mut self) -> Bytes {
        self.0.put_u8(b'}');
        self.0.into()
    }
}

impl IntoResponse for JsonObject {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.into_bytes()).into_response()
    }
}

/// A JSON list that is written value by value.
pub struct JsonList(Vec<u8>);

impl Default for JsonList {
    fn default() -> Self {
        JsonList(b"[".to_vec())
    }
}

impl JsonList {
    /// Adds a value.
    pub fn push(&mut self, value: &impl Serialize) {
        self.push_json(&serde_json::to_vec(value).expect("answers are plain data"));
    }

    /// Adds a value that is JSON already.
    pub fn push_json(&mut self, json: &[u8]) {
        if self.0.len() > 1 {
            self.0.put_u8(b',');
        }
        self.0.put_slice(json);
    }

    /// The bytes of the list so far.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// Drops what was added since the list had this number of bytes.
    pub fn cut(&mut self, bytes: usize) {
        self.0.truncate(bytes.max(1));
    }

    /// The bytes of the whole list.
    pub fn into_bytes(mut self) -> Bytes {
        self.0.put_u8(b']');
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_lists_are_divided_by_commas() {
        let mut object = JsonObject::default();
        object.put_fields(b"{}");
        object.put("text", &"a \"b\"");
        object.put_list("two", [&b"1"[..], b"{}"].into_iter());
        object.put_fields(b"{}");
        object.put_fields(br#"{"x":1,"y":2}"#);
        object.put_list("none", std::iter::empty());
        object.put_json("raw", b"[null]");
        let expected = r#"{"text":"a \"b\"","two":[1,{}],"x":1,"y":2,"none":[],"raw":[null]}"#;
        assert_eq!(object.into_bytes(), expected.as_bytes());
        assert_eq!(JsonObject::default().into_bytes(), &b"{}"[..]);
    }

    #[test]
    fn a_list_is_cut_to_what_it_was() {
        let mut list = JsonList::default();
        list.push(&"a");
        let bytes = list.bytes();
        list.push_json(b"{}");
        list.cut(bytes);
        list.push_json(b"[]");
        assert_eq!(list.into_bytes(), &br#"["a",[]]"#[..]);
        let mut none = JsonList::default();
        none.push(&1);
        none.cut(0);
        assert_eq!(none.into_bytes(), &b"[]"[..]);
    }
}
