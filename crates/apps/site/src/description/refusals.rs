//! The refusals of a route: those that it names, and those that follow from its shape.

use std::collections::BTreeMap;

use encke_engine::Code;
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::feed::camel;

/// The shape of a route: the facts that refusals follow from.
pub struct Shape {
    /// Whether the caller has to be signed in.
    pub signed_in: bool,
    /// Whether the route changes something.
    pub writes: bool,
    /// How the route reads a body, if it takes one.
    pub body: Option<Body>,
}

/// The way in which a route reads its body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// It parses the fields of one type.
    Fields,
    /// It takes the bytes as they are.
    Any,
}

/// The refusals that any request to any route may get.
const ALWAYS: [Code; 6] = [
    Code::BadRequest,
    Code::Misdirected,
    Code::TooLarge,
    Code::Internal,
    Code::Overloaded,
    Code::Draining,
];

/// All refusals of a route with this shape that names these.
fn all(shape: &Shape, named: Vec<Code>) -> Vec<Code> {
    let mut all = named;
    all.extend(ALWAYS);
    if shape.signed_in {
        all.extend([Code::NotSignedIn, Code::ForeignOrigin]);
    }
    if shape.writes {
        all.push(Code::StoreFull);
    }
    if shape.body.is_some() {
        all.extend([Code::BadJson, Code::WrongType, Code::Invalid]);
    }
    if shape.body == Some(Body::Fields) {
        all.push(Code::UnknownField);
    }
    Code::ALL.iter().copied().filter(|code| all.contains(code)).collect()
}

/// Takes the refusals that a route names out of its responses: the texts of their codes, separated by commas. A refusal
/// with content of its own, such as a page, stays as the route describes it.
fn take_named(route: &str, responses: &mut Map<String, Value>) -> Vec<Code> {
    let is_named =
        |status: &str, response: &Value| is_refusal(status) && response["content"].is_null();
    let statuses = responses.iter().filter(|(status, response)| is_named(status, response));
    let statuses: Vec<String> = statuses.map(|(status, _)| status.clone()).collect();
    let mut named = Vec::new();
    for status in statuses {
        let response = responses.remove(&status).unwrap_or_default();
        let text = response["description"].as_str().unwrap_or_default();
        for name in text.split(',').map(str::trim) {
            let code = Code::ALL.iter().find(|code| code.text() == name);
            let code = code.unwrap_or_else(|| panic!("{route}: no code is called {name:?}"));
            assert_eq!(code.status().to_string(), status, "{route}: the status of {name}");
            named.push(*code);
        }
    }
    named
}

fn is_refusal(status: &str) -> bool {
    status.starts_with(['4', '5'])
}

/// Completes the responses of a route with all its refusals. Answers that are missing in `shared` are added to it.
pub fn complete(
    route: &str,
    shape: &Shape,
    responses: &mut Map<String, Value>,
    shared: &mut Map<String, Value>,
) {
    let named = take_named(route, responses);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in all(shape, named) {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        if responses.contains_key(&status.to_string()) {
            continue;
        }
        let name: String = codes.iter().map(|code| camel(code.text())).collect();
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        responses.insert(status.to_string(), reference);
        shared.entry(name).or_insert_with(|| response(&codes));
    }
}

fn response(codes: &[Code]) -> Value {
    let about: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.text(), code.about().trim())).collect();
    let texts: Vec<&str> = codes.iter().map(|code| code.text()).collect();
    let own = json!({
        "type": "object",
        "properties": {"error": {"type": "object", "properties": {"code": {"enum": texts}}}},
    });
    let schema = json!({"allOf": [{"$ref": "#/components/schemas/Refused"}, own]});
    json!({"description": about.join("\n\n"), "content": {"application/json": {"schema": schema}}})
}

/// The stable code of a refusal, in the description of the API.
pub struct ErrorCode;

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let codes = Code::ALL.iter().map(|code| code.text());
        let about = "The stable code of a refusal; docs/reference/errors.md tells each.";
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes));
        RefOr::T(Schema::Object(schema.description(Some(about)).build()))
    }
}

impl ToSchema for ErrorCode {}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_of(shape: Shape, responses: Value) -> Vec<String> {
        let Value::Object(mut responses) = responses else { panic!("an object") };
        let mut shared = Map::new();
        complete("get /", &shape, &mut responses, &mut shared);
        responses.retain(|_, response| response.get("$ref").is_some());
        let of_one = |(status, response): (&String, &Value)| {
            let name = response["$ref"].as_str().and_then(|path| path.rsplit('/').next());
            let schema = &shared[name.unwrap_or_default()]["content"]["application/json"]["schema"];
            let codes =
                schema["allOf"][1]["properties"]["error"]["properties"]["code"]["enum"].clone();
            let codes: Vec<String> = serde_json::from_value(codes).unwrap_or_default();
            codes.into_iter().map(|code| format!("{status} {code}")).collect::<Vec<_>>()
        };
        responses.iter().flat_map(of_one).collect()
    }

    #[test]
    fn a_route_has_the_refusals_that_it_names_and_those_of_its_shape() {
        let read = || Shape { signed_in: false, writes: false, body: None };
        let always = [
            "400 bad_request",
            "413 too_large",
            "421 misdirected",
            "500 internal",
            "503 overloaded",
            "503 draining",
        ];
        assert_eq!(codes_of(read(), json!({"200": {}})), always);
        let named = json!({"403": {"description": "not_member, forbidden"}});
        let codes = codes_of(Shape { signed_in: true, ..read() }, named);
        for code in ["401 not_signed_in", "403 forbidden", "403 foreign_origin", "403 not_member"] {
            assert!(codes.contains(&code.to_owned()), "{code}");
        }
        let codes = codes_of(Shape { writes: true, body: Some(Body::Fields), ..read() }, json!({}));
        for code in
            ["400 bad_json", "415 wrong_type", "422 unknown_field", "422 invalid", "507 store_full"]
        {
            assert!(codes.contains(&code.to_owned()), "{code}");
        }
    }

    #[test]
    #[should_panic(expected = "get /: no code is called \"nonsense\"")]
    fn a_refusal_that_does_not_exist_is_noticed() {
        codes_of(
            Shape { signed_in: false, writes: false, body: None },
            json!({"403": {"description": "nonsense"}}),
        );
    }

    #[test]
    #[should_panic(expected = "get /: the status of not_found")]
    fn a_refusal_with_another_status_than_its_own_is_noticed() {
        codes_of(
            Shape { signed_in: false, writes: false, body: None },
            json!({"403": {"description": "not_found"}}),
        );
    }
}
