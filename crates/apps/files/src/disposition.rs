//! The headers with which a file is answered, so that no browser runs what is in it.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::media_type;

/// A file that is opened by itself runs no script, loads nothing, and is of no origin.
const POLICY: &str =
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox";
/// The characters of a name in `filename*` that are written as they are (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Sets the headers of an answer with bytes of this type: a type that is shown goes as it is, all others are only
/// saved.
pub(crate) fn set(headers: &mut HeaderMap, media_type: &str, name: &str) {
    let shown = media_type::is_shown(media_type);
    let (how, told) =
        if shown { ("inline", media_type) } else { ("attachment", media_type::UNKNOWN) };
    // Quotes and backslashes would end the text; a browser that knows `filename*` takes that.
    let ascii =
        |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' };
    let plain: String = name.chars().map(ascii).collect();
    let encoded = utf8_percent_encode(name, PLAIN);
    let disposition = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let lines = [
        (header::CONTENT_TYPE, told),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        // A copy may be kept, but whether it may still be read is asked each time.
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    for (name, text) in lines {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(media_type: &str, name: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        set(&mut headers, media_type, name);
        headers
    }

    #[test]
    fn only_pictures_video_and_sound_are_shown() {
        let shown = headers("image/png", "a.png");
        assert_eq!(shown[header::CONTENT_TYPE], "image/png");
        assert!(shown[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("inline;"));
        for other in ["text/html", "image/svg+xml", "text/xml", "application/pdf", "text/plain"] {
            let saved = headers(other, "a.png");
            assert_eq!(saved[header::CONTENT_TYPE], "application/octet-stream");
            let how = saved[header::CONTENT_DISPOSITION].to_str().unwrap();
            assert!(how.starts_with("attachment;"), "{other}");
            assert!(saved[header::CONTENT_SECURITY_POLICY].to_str().unwrap().ends_with("sandbox"));
            assert_eq!(saved[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }

    #[test]
    fn a_name_does_not_break_out_of_its_header() {
        let headers = headers("text/plain", "a\"; x=\\\"报告 100%.txt");
        let how = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert_eq!(
            how,
            "attachment; filename=\"a_;_x=_____100_.txt\"; \
             filename*=UTF-8''a%22%3B%20x%3D%5C%22%E6%8A%A5%E5%91%8A%20100%25.txt"
        );
    }
}
