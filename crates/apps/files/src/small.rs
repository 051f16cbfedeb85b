//! Small pictures that are no files of anybody: others keep their bytes beside what they belong to. They are looked at and
//! cleaned like pictures that are sent.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use encke_engine::{Code, Error};
use encke_site::Site;
use http::{HeaderValue, header};

use crate::finish::look_at;
use crate::picture::Picture;
use crate::storage::Storage;
use crate::{disposition, media_type};

/// A small picture.
pub struct SmallPicture {
    /// The bytes, without what they tell beside the pixels.
    pub bytes: Bytes,
    /// The type that the bytes say.
    pub media_type: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Looks at a picture of one of these types that has at most so many pixels on each side. Anything else is refused.
pub async fn small_picture(
    site: &Arc<Site>,
    bytes: Bytes,
    types: &[&str],
    side_px_max: u32,
) -> Result<SmallPicture, Error> {
    let wrong = |what: &str| Error::new(Code::Invalid, what.to_owned());
    let media_type = media_type::of(&bytes, media_type::UNKNOWN);
    if !types.contains(&&*media_type) {
        return Err(wrong("This is no picture of a type that is taken here."));
    }
    let permit = Storage::of(site).pictures.acquire().await;
    let _permit = permit.map_err(|_| Error::draining())?;
    let found = look_at(bytes.clone(), media_type.clone()).await?;
    let Some(Picture { width, height, clean, .. }) = found else {
        return Err(wrong("This picture can't be read, or it is too large."));
    };
    if width.max(height) > side_px_max {
        return Err(wrong(&format!("This picture has more than {side_px_max} pixels on a side.")));
    }
    Ok(SmallPicture { bytes: clean.unwrap_or(bytes), media_type, width, height })
}

/// The answer with a small picture at an address whose bytes never change. A browser that has it need not ask again.
pub fn unchanging(name: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    disposition::set(headers, media_type, name);
    let kept = HeaderValue::from_static("private, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, kept);
    response
}
