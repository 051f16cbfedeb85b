//! Fetches a page, and its picture, with the guarded client for requests outside.

use std::time::Duration;

use bytes::Bytes;
use encke_egress::{Answer, Egress, Outgoing, Url};
use encke_engine::outgoing_limits;
use encke_files::{Miniature, miniature};
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::time::timeout;

use crate::charset;
use crate::page_head::{self, PageHead};
use crate::state::Ground;
use crate::wording::{Part, shown};

/// What a page gave.
pub(crate) struct Fetched {
    pub title: String,
    pub description: Option<String>,
    pub site: Option<String>,
    pub picture: Option<Miniature>,
}

/// Fetches a page; `None` if it gives nothing that can be shown.
pub(crate) async fn fetch(ground: &Ground, url: Url) -> Option<Fetched> {
    // A picture that never ends costs the picture, not the title.
    let each = Duration::from_millis(outgoing_limits::PREVIEW_WAIT_MS_MAX / 2);
    let (at, head) = timeout(each, page(&ground.egress, url)).await.ok()??;
    let title = shown(Part::Title, head.title.as_deref()?)?;
    let description = head.description.and_then(|text| shown(Part::Description, &text));
    let site = head.site.and_then(|text| shown(Part::Site, &text));
    let address = head.picture.filter(|_| ground.has_pictures);
    let picture = match address.and_then(|address| at.join(&address).ok()) {
        Some(url) => timeout(each, picture(ground, url)).await.ok().flatten(),
        None => None,
    };
    Some(Fetched { title, description, site, picture })
}

async fn page(egress: &Egress, url: Url) -> Option<(Url, PageHead)> {
    let most = outgoing_limits::PREVIEW_PAGE_BYTES_MAX;
    let (at, answer) = get(egress, url, "text/html, application/xhtml+xml", most).await?;
    let media_type = media_type_of(&answer.headers);
    if !["text/html", "application/xhtml+xml"].contains(&essence(&media_type)) {
        return None;
    }
    let read = move || page_head::read(&charset::text(&answer.body, &media_type));
    let head = tokio::task::spawn_blocking(read).await.ok()?;
    Some((at, head))
}

async fn picture(ground: &Ground, url: Url) -> Option<Miniature> {
    let most = outgoing_limits::PREVIEW_PICTURE_BYTES_MAX;
    let (_, answer) = get(&ground.egress, url, "image/*", most).await?;
    if !essence(&media_type_of(&answer.headers)).starts_with("image/") || answer.body.len() >= most
    {
        return None;
    }
    let _place = ground.decoding.acquire().await.ok()?;
    let small = move || miniature(&answer.body, outgoing_limits::PREVIEW_PICTURE_SIDE_PX);
    tokio::task::spawn_blocking(small).await.ok()?
}

fn media_type_of(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Gets what is at an address. Each redirect is a request of its own that is checked like the first.
async fn get(
    egress: &Egress,
    mut url: Url,
    accept: &'static str,
    bytes_max: usize,
) -> Option<(Url, Answer)> {
    for _ in 0..=outgoing_limits::PREVIEW_REDIRECTS_MAX {
        url = egress.check(url.as_str()).ok()?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        // Nothing here unpacks anything, so nothing can be packed to burst.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request =
            Outgoing { method: Method::GET, url: url.clone(), headers, body: Bytes::new() };
        let answer = match egress.send_reading(request, bytes_max).await {
            Ok(answer) => answer,
            Err(e) => {
                tracing::debug!("the preview of a link: {e}");
                return None;
            }
        };
        match answer.status {
            301 | 302 | 303 | 307 | 308 => {
                let to = answer.headers.get(header::LOCATION)?.to_str().ok()?;
                url = url.join(to).ok()?;
            }
            200..=299 => {
                let packed = answer.headers.get(header::CONTENT_ENCODING);
                let is_plain = packed.is_none_or(|value| value == "identity");
                return is_plain.then_some((url, answer));
            }
            _ => return None,
        }
    }
    None
}
