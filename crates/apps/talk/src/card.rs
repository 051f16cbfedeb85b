//! Cards: messages that show a thing, such as a product or an order. The text of the message is the title, and the first of its
//! files the picture.
//!
//! A card names no address from which anybody's browser would fetch something by itself: whoever shows it to others neither
//! learns that they look nor from where. Its link is only followed by a click.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::number_text::grouped;
use encke_engine::{Code, Error, Event, PersonId, talk_limits};
use encke_files::FileId;
use encke_site::sent::{self, Sent};
use encke_site::{Body, CallerOrVisitor, Path, Refusal, Site};
use encke_store::{Appended, Tx};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::composed;
use crate::conversation::parse;
use crate::message::{Message, ReadMessage, Said};

/// What a message shows beside its title: of a product, of an order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Card {
    /// One line about it; absent without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub about: String,
    /// The price, as it is written; absent without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub price: String,
    /// What the site calls it, such as the number of an order; absent without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reference: String,
    /// Its page, with `https`; absent without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub url: String,
}

/// A card with its title and its picture, as it is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// The title, one line.
    pub title: String,
    /// One line about it.
    #[serde(default)]
    about: String,
    /// The price, as it is written.
    #[serde(default)]
    price: String,
    /// What the site calls it, such as the number of an order.
    #[serde(default)]
    reference: String,
    /// Its page, with `https`.
    #[serde(default)]
    url: String,
    /// The id of its picture: an uploaded file of the sender, or one of a message that the sender may read.
    picture: Option<String>,
}

/// A card that was read and checked.
pub struct ReadCard {
    title: String,
    card: Card,
    picture: Option<FileId>,
}

impl NewCard {
    /// Refuses a card that says too much, or has a link that is none.
    pub fn read(self) -> Result<ReadCard, Error> {
        let NewCard { title, about, price, reference, url, picture } = self;
        if title.trim().is_empty() {
            return Err(Error::new(Code::Invalid, "A card needs a title."));
        }
        check_line("title", &title, talk_limits::CARD_LINE_BYTES_MAX)?;
        check_line("about", &about, talk_limits::CARD_LINE_BYTES_MAX)?;
        check_line("price", &price, talk_limits::CARD_FACT_BYTES_MAX)?;
        check_line("reference", &reference, talk_limits::CARD_FACT_BYTES_MAX)?;
        check_line("url", &url, talk_limits::CARD_URL_BYTES_MAX)?;
        if !url.is_empty() && !is_web(&url) {
            return Err(Error::new(Code::Invalid, "`url` is an address of a page, with https."));
        }
        let picture = picture.map(|id| id.parse()).transpose()?;
        Ok(ReadCard { title, card: Card { about, price, reference, url }, picture })
    }
}

fn check_line(name: &str, text: &str, bytes_max: usize) -> Result<(), Error> {
    if text.chars().any(char::is_control) {
        return Err(Error::new(Code::Invalid, format!("`{name}` of a card is one line.")));
    }
    if text.len() > bytes_max {
        let what = format!("`{name}` of a card has at most {} bytes.", grouped(bytes_max));
        return Err(Error::new(Code::TooLarge, what));
    }
    Ok(())
}

/// Whether a character turns the text around it, or is not seen.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' |
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text is the address of a page on the web: `https`, a host, and nothing that hides which one.
fn is_web(url: &str) -> bool {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_of_host = |c: char| c.is_alphanumeric() || ".-:[]".contains(c);
    !host.is_empty()
        && host.chars().all(is_of_host)
        && !url.chars().any(|c| c.is_whitespace() || is_hidden(c) || "\"<>\\^`{|}".contains(c))
}

impl ReadCard {
    /// The bytes that a quota counts.
    pub fn bytes(&self) -> usize {
        let Card { about, price, reference, url } = &self.card;
        [&self.title, about, price, reference, url].iter().map(|text| text.len()).sum()
    }

    /// Whether the body of a message's event is this card.
    pub fn is_in(&self, body: &[u8]) -> bool {
        serde_json::from_slice::<Said<'_>>(body).is_ok_and(|said| {
            said.text == self.title
                && said.card.as_ref() == Some(&self.card)
                && said.files.iter().map(|file| &file.id).eq(self.picture.iter())
        })
    }
}

/// Whether a message is a card.
pub(crate) fn is_card(message: &Event) -> bool {
    serde_json::from_slice::<Said<'_>>(&message.body).is_ok_and(|said| said.card.is_some())
}

/// Appends a card of a member, in the caller's write. `message` has the title as its text.
pub fn say_card(
    tx: &mut Tx<'_>,
    site: &Site,
    from: PersonId,
    message: Message,
    read: ReadCard,
) -> Result<Appended, Error> {
    let Message { conversation, key, reply_to, .. } = message;
    let ReadCard { title: text, card, picture } = read;
    let (files, card) = (picture.into_iter().collect(), Some(card));
    let (clear_draft, poll) = Default::default();
    let message = ReadMessage { conversation, key, text, reply_to, files, clear_draft, poll, card };
    composed::append(tx, site, from, message)
}

/// A card to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentCard {
    card: NewCard,
    /// Idempotency key, for clients that can't set a header.
    key: Option<String>,
}

/// Sends a card: a message that shows a product or an order.
#[utoipa::path(post, operation_id = "send_card", path = "/v1/conversations/{id}/cards",
    tag = "conversations",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = SentCard,
    responses((status = 201, body = Sent), (status = 200, body = Sent),
        (status = 403, description = "blocked, muted, not_member, read_only"),
        (status = 404, description = "not_found"), (status = 409, description = "key_reused"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn send(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(SentCard { card, key }): Body<SentCard>,
) -> Result<(StatusCode, Json<Sent>), Refusal> {
    let (conversation, me) = (parse(&id)?, caller.0.person);
    let key = sent::key_of(&headers, key.as_deref())?;
    let card = card.read()?;
    site.take_message(me, caller.0.role, card.bytes())?;
    let message = Message { conversation, key, text: String::new(), reply_to: None };
    let held = site.clone();
    let appended = site.store.write(move |tx| say_card(tx, &held, me, message, card)).await?;
    Ok(Sent::answer(&site, appended))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(fields: serde_json::Value) -> Result<ReadCard, Error> {
        serde_json::from_value::<NewCard>(fields).unwrap().read()
    }

    #[test]
    fn a_card_has_a_title_and_a_link_that_everybody_can_read() {
        use serde_json::json;
        for url in
            ["", "https://shop.example/a?b=c#d", "https://商店.example/字", "https://[::1]:8443"]
        {
            assert!(card(json!({"title": "Touring 5", "url": url})).is_ok(), "{url}");
        }
        for url in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "http://shop.example/",
            "https://",
            "https://user:word@shop.example/",
            "https://shop.example@evil.example/",
            "https://shop.example\\@evil.example/",
            "https://a b/",
            "//shop.example",
            "data:text/html,x",
            "https://x/\"onclick=alert(1)",
            "https://shop.example/\u{202e}gnp.exe",
            "https://shop.example/\u{200b}",
        ] {
            assert!(card(json!({"title": "Touring 5", "url": url})).is_err(), "{url}");
        }
        for title in ["", " ", "a\nb", "a\u{0}", &"x".repeat(talk_limits::CARD_LINE_BYTES_MAX + 1)]
        {
            assert!(card(json!({"title": title})).is_err(), "{title:?}");
        }
    }

    #[test]
    fn fuzz_a_card_is_short_lines_and_a_link_or_nothing() {
        let words: &[&[u8]] = &[
            b"\"url\":\"https://",
            b"javascript:",
            b"@",
            b"\\u202e",
            b"\\u0000",
            b"\\n",
            b"\"title\":",
            b"1e400",
        ];
        encke_fuzz::run("card", words, |bytes| {
            let Ok(new) = serde_json::from_slice::<NewCard>(bytes) else { return };
            let Ok(read) = new.read() else { return };
            let Card { about, price, reference, url } = &read.card;
            for line in [&read.title, about, price, reference, url] {
                assert!(!line.contains(char::is_control), "{line:?}");
            }
            assert!(url.is_empty() || url.starts_with("https://"), "{url}");
            assert!(!url.contains(is_hidden) && !url.contains('\\'), "{url:?}");
            let host = url.trim_start_matches("https://").split(['/', '?', '#']).next();
            assert!(!host.unwrap_or_default().contains('@'), "{url:?}");
            assert!(read.bytes() < 4_096);
        });
    }
}
