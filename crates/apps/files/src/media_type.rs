//! The media type of a file, as its bytes say.

use encke_engine::{Code, Error, file_limits};

/// The type of bytes that say nothing.
pub(crate) const UNKNOWN: &str = "application/octet-stream";
/// Bytes from the beginning that are looked at.
pub(crate) const SNIFFED_BYTES: u64 = 8 * 1024;

/// Pictures that are decoded here, so that what is wrong with them is known.
pub(crate) const PICTURES: [&str; 4] = ["image/gif", "image/jpeg", "image/png", "image/webp"];
/// Video and sound that browsers play, and that can hold no script.
const PLAYED: [&str; 11] = [
    "audio/aac",
    "audio/m4a",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/x-flac",
    "audio/x-wav",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-m4v",
];

/// Whether browsers may show a file of this type in place. All others they only save.
pub(crate) fn is_shown(media_type: &str) -> bool {
    PICTURES.contains(&media_type) || is_played(media_type)
}

/// Whether it is video or sound that browsers play.
pub(crate) fn is_played(media_type: &str) -> bool {
    PLAYED.contains(&media_type)
}

/// The type that the first bytes say. If they say nothing, it is the announced one, unless that is one that is shown.
pub(crate) fn of(first: &[u8], announced: &str) -> String {
    // infer knows pictures, video, sound, archives and documents by their magic numbers, and HTML and XML by their tags.
    if let Some(found) = infer::get(first) {
        return found.mime_type().to_owned();
    }
    let claims = ["image/", "video/", "audio/"];
    let is_claim = claims.iter().any(|kind| announced.starts_with(kind));
    if is_claim { UNKNOWN.to_owned() } else { announced.to_owned() }
}

/// Checks an announced type. It is only a hint, but it is shown.
pub(crate) fn check(announced: Option<&str>) -> Result<String, Error> {
    let Some(announced) = announced.filter(|text| !text.is_empty()) else {
        return Ok(UNKNOWN.to_owned());
    };
    let essence = encke_site::body::essence(announced).to_ascii_lowercase();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'))
    };
    let parts = essence.split_once('/').filter(|(a, b)| is_token(a) && is_token(b));
    if parts.is_none() || essence.len() > file_limits::FILE_TYPE_CHARS_MAX {
        return Err(Error::new(
            Code::Invalid,
            "The type has to be a media type such as image/png.",
        ));
    }
    Ok(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_say_what_a_file_is() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(of(png, "text/html"), "image/png");
        assert_eq!(of(b"\xff\xd8\xff\xe0\0\x10JFIF", "x/y"), "image/jpeg");
        assert_eq!(of(b"<!DOCTYPE html><script>1</script>", "image/png"), "text/html");
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
        assert!(!is_shown(&of(svg, "image/svg+xml")), "{}", of(svg, "image/svg+xml"));
        assert!(!is_shown(&of(b"<?xml version='1.0'?><svg/>", "image/svg+xml")));
        assert_eq!(of(b"a,b\n1,2\n", "text/csv"), "text/csv");
        assert_eq!(of(b"nothing known", "image/png"), UNKNOWN);
        assert_eq!(of(b"nothing known", "video/mp4"), UNKNOWN);
        assert!(is_shown("video/mp4") && !is_shown("image/svg+xml") && !is_shown("text/html"));
    }

    #[test]
    fn an_announced_type_has_the_form_of_one() {
        assert_eq!(check(None).unwrap(), UNKNOWN);
        assert_eq!(check(Some("Text/Plain; charset=utf-8")).unwrap(), "text/plain");
        for wrong in ["text", "/", "text/", "a b/c", "text/\"x\"", "text/<script>", "a/b/c"] {
            assert!(check(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
