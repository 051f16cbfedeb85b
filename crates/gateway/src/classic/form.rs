//! Forms and query strings of pages, decoded as PHP does.

use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use encke_engine::limits;
use http::header;
use http_body_util::BodyExt;
use percent_encoding::percent_decode;

use super::answer::Refused;

/// Names and values in their order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

const NOT_TEXT: Refused = Refused::bad("This is not UTF-8.");
const TOO_LONG: Refused = Refused::new(413, "This is too long.");

impl Form {
    /// Reads the query in a request's URL.
    pub fn of_query(parts: &Parts) -> Result<Form, Refused> {
        no_body(parts)?;
        Form::parse(parts.uri.query().unwrap_or_default().as_bytes())
    }

    /// Reads the body of a request to its end.
    pub async fn of_body(request: Request) -> Result<(Parts, Form), Refused> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let wait = Duration::from_millis(limits::BODY_WAIT_MS_MAX);
        let bytes = tokio::time::timeout(wait, read(body)).await;
        let bytes = bytes.map_err(|_| Refused::new(408, "The body did not end in time."))??;
        if !is_form {
            return Err(Refused::new(415, "The body has to be a form."));
        }
        Ok((parts, Form::parse(&bytes)?))
    }

    fn parse(bytes: &[u8]) -> Result<Form, Refused> {
        let pairs = bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let mut half = || decode(halves.next().unwrap_or_default());
            Ok((half()?, half()?))
        });
        decoded.collect::<Result<_, _>>().map(Form)
    }

    /// The value of an optional parameter. A parameter that comes twice is refused.
    pub fn get<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Refused> {
        let mut found = self.all(name);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Refused::bad("A parameter is there twice.")),
            (value, None) => Ok(value),
        }
    }

    /// The value of a required parameter.
    pub fn need<'a>(&'a self, name: &'a str) -> Result<&'a str, Refused> {
        self.get(name)?.ok_or(Refused::bad("A parameter is missing."))
    }

    /// The value of a required parameter that must not be empty.
    pub fn need_text<'a>(&'a self, name: &'a str) -> Result<&'a str, Refused> {
        Some(self.need(name)?)
            .filter(|text| !text.is_empty())
            .ok_or(Refused::bad("A text is missing."))
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Refuses a body where none belongs. Nobody reads it, so after a wait it would be taken for the next request.
pub(super) fn no_body(parts: &Parts) -> Result<(), Refused> {
    let length = parts.headers.get(header::CONTENT_LENGTH).is_some_and(|v| v != "0");
    if length || parts.headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Refused::bad("This request has no body."));
    }
    Ok(())
}

/// Reads a whole body. A body that is too long is read on for a while, because many clients look at an answer only when
/// they have sent everything.
async fn read(mut body: axum::body::Body) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refused::bad("The body ended too early."))?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        if length > limits::REFUSED_BODY_BYTES_MAX {
            break;
        }
        if length <= limits::BODY_BYTES_MAX {
            bytes.extend_from_slice(data);
        }
    }
    if length > limits::BODY_BYTES_MAX { Err(TOO_LONG) } else { Ok(bytes) }
}

/// Decodes a value: `+` is a space, `%` and two hexadecimal digits are a byte. Any other `%` stays.
fn decode(bytes: &[u8]) -> Result<String, Refused> {
    let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    percent_decode(&spaced).decode_utf8().map(Into::into).map_err(|_| NOT_TEXT)
}

/// A number of at most 16 digits, as pages send ids and times.
pub(super) fn number(text: &str) -> Option<u64> {
    let plain = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

    use super::*;

    fn parsed(text: &[u8]) -> Vec<(String, String)> {
        Form::parse(text).unwrap().0
    }

    #[test]
    fn forms_are_decoded_as_php_does() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let table: &[(&[u8], &str)] = &[
            (b"m=a+b%20c", "a b c"),
            (b"m=100%", "100%"),
            (b"m=100%+of", "100% of"),
            (b"m=%zz%4", "%zz%4"),
            (b"m=%%41", "%A"),
            (b"m=%E4%bd%A0\xe5\xa5\xbd", "你好"),
            (b"m=a=b", "a=b"),
            (b"m", ""),
            (b"&&m=%00&", "\0"),
        ];
        for (text, value) in table {
            assert_eq!(parsed(text), [pair("m", value)], "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(parsed(b"a%5B%5D=1&a[]=2"), [pair("a[]", "1"), pair("a[]", "2")]);
        assert_eq!(Form::parse(b"m=%ff"), Err(NOT_TEXT));
        assert_eq!(Form::parse(b"%c0%80=1"), Err(NOT_TEXT));
    }

    #[test]
    fn fuzz_a_form_that_is_read_says_the_same_when_it_is_written_again() {
        let words: &[&[u8]] =
            &[b"&", b"=", b"%", b"%00", b"%26", b"+", b"%e4%bd%a0", b"\xf0\x9f\x98\x80"];
        encke_fuzz::run("classic-form", words, |bytes| {
            let Ok(form) = Form::parse(bytes) else { return };
            let encoded =
                |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
            let pairs: Vec<String> =
                form.pairs().map(|(n, v)| format!("{}={}", encoded(n), encoded(v))).collect();
            assert_eq!(Form::parse(pairs.join("&").as_bytes()), Ok(form));
        });
    }

    #[test]
    fn a_parameter_counts_once() {
        let form = Form::parse(b"a=1&b=2&b=3&c=").unwrap();
        assert_eq!(form.need("a"), Ok("1"));
        assert!(form.get("b").is_err() && form.need("d").is_err() && form.need_text("c").is_err());
        assert_eq!(form.get("d"), Ok(None));
        assert_eq!(form.all("b").collect::<Vec<_>>(), ["2", "3"]);
    }

    #[test]
    fn a_number_is_digits_and_nothing_else() {
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("0000000000000007"), Some(7));
        assert_eq!(number("9999999999999999"), Some(9_999_999_999_999_999));
        for bad in ["", "-1", "+1", " 1", "1 ", "1.0", "1e3", "０", "00000000000000001", "x"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
