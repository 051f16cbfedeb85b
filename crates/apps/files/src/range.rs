//! The header `Range` of a request.

use encke_engine::{Code, Error};
use http::{HeaderMap, HeaderValue, header};

/// The part of a file that a request asks for: from the first byte up to the one before the second.
pub(crate) type Part = (u64, u64);

/// The part that a request asks for, of a file with this many bytes; `None` for the whole file. Several ranges, another
/// unit, and whatever can't be read count as none, as HTTP has it.
///
/// # Errors
/// `out_of_range` if the file has no byte of it.
pub(crate) fn asked(headers: &HeaderMap, bytes: u64, etag: &str) -> Result<Option<Part>, Error> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
    // The range was meant for the file that the client has a part of.
    if text(header::IF_RANGE).is_some_and(|meant| meant != etag) {
        return Ok(None);
    }
    let ranges = text(header::RANGE).and_then(|range| range.trim().strip_prefix("bytes="));
    let Some((from, to)) = ranges.and_then(|range| range.split_once('-')) else { return Ok(None) };
    let Some(part) = part(from.trim(), to.trim(), bytes) else { return Ok(None) };
    if part.0 >= part.1 {
        return Err(Error::new(Code::OutOfRange, "The file has no byte in this range."));
    }
    Ok(Some(part))
}

fn part(from: &str, to: &str, bytes: u64) -> Option<Part> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // A number beyond 64 bits is beyond every file.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    if from.is_empty() {
        return Some((bytes.saturating_sub(number(to)?), bytes));
    }
    let from = number(from)?;
    let to = if to.is_empty() { u64::MAX } else { number(to)? };
    (from <= to).then(|| (from.min(bytes), to.saturating_add(1).min(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Result<Option<Part>, Code> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(text).unwrap());
        asked(&headers, 100, "\"x\"").map_err(|e| e.code)
    }

    #[test]
    fn one_range_of_bytes_is_understood() {
        assert_eq!(range("bytes=0-9"), Ok(Some((0, 10))));
        assert_eq!(range("bytes=90-"), Ok(Some((90, 100))));
        assert_eq!(range("bytes=90-1000"), Ok(Some((90, 100))));
        assert_eq!(range("bytes=-10"), Ok(Some((90, 100))));
        assert_eq!(range("bytes=-1000"), Ok(Some((0, 100))));
        assert_eq!(range("bytes=0-99999999999999999999999"), Ok(Some((0, 100))));
    }

    #[test]
    fn a_range_outside_is_refused_and_others_count_as_none() {
        for outside in ["bytes=100-", "bytes=100-200", "bytes=99999999999999999999999-", "bytes=-0"]
        {
            assert_eq!(range(outside), Err(Code::OutOfRange), "{outside}");
        }
        for none in
            ["bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=-", "bytes=+1-2", "x"]
        {
            assert_eq!(range(none), Ok(None), "{none}");
        }
    }

    #[test]
    fn a_range_for_another_file_gets_the_whole_one() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"x\""));
        assert_eq!(asked(&headers, 100, "\"x\""), Ok(Some((1, 3))));
        assert_eq!(asked(&headers, 100, "\"y\""), Ok(None));
    }
}
