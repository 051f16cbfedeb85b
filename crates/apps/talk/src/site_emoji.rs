//! The site's own emoji: small pictures with a name, which everybody writes as `:name:` in texts and reactions.
//!
//! A text and a reaction hold the name alone. So one that is removed is its name again wherever it stands, and one that is
//! replaced shows the new picture. The address of a picture has a version in it, so its bytes never change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encke_engine::number_text::grouped;
use encke_engine::{Code, Error, talk_limits};
use encke_files::{small_picture, unchanging};
use encke_site::random::secret;
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The types of pictures that are taken.
const TYPES: &[&str] = &["image/gif", "image/png", "image/webp"];
/// Letters of the version in the address of a picture.
const VERSION_LETTERS: usize = 12;

/// An emoji of the site's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct SiteEmoji {
    /// The name, which is written between colons.
    name: String,
    /// The version of the picture, which is part of its address: `/v1/emoji/NAME/VERSION`.
    version: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
}

impl SiteEmoji {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let px = |column| row.get::<u64>(column).map(|px| px as u32);
        Ok(SiteEmoji { name: row.get(0)?, version: row.get(1)?, width: px(2)?, height: px(3)? })
    }
}

/// All emoji of the site's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct SiteEmojiList {
    /// By name.
    emoji: Vec<SiteEmoji>,
}

/// Whether a text can be the name of an emoji: small letters, digits, `_`, `+` and `-`.
fn is_name(name: &str) -> bool {
    let sign = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_+-".contains(&c);
    talk_limits::SITE_EMOJI_NAME_BYTES.contains(&name.len())
        && name.bytes().all(sign)
        && !name.starts_with(['_', '+', '-'])
}

fn check_name(name: &str) -> Result<(), Error> {
    let bytes = talk_limits::SITE_EMOJI_NAME_BYTES;
    if is_name(name) {
        return Ok(());
    }
    let what = format!(
        "The name of an emoji has {} to {} of a to z, 0 to 9, _, + and -, and begins with a letter or digit.",
        bytes.start(),
        bytes.end()
    );
    Err(Error::new(Code::BadName, what))
}

/// The name in a reaction with an emoji of the site's own, which is written as `:name:`.
pub(crate) fn name_in(text: &str) -> Option<&str> {
    text.strip_prefix(':')?.strip_suffix(':').filter(|name| is_name(name))
}

/// Refuses a reaction with an emoji of the site's own that is not there.
pub(crate) fn check_is_there(sql: &mut impl Sql, reaction: &str) -> Result<(), Error> {
    let Some(name) = name_in(reaction) else { return Ok(()) };
    if sql.query_one("SELECT 1 FROM site_emoji WHERE name = ?1", params![name])?.is_some() {
        return Ok(());
    }
    Err(Error::new(Code::Invalid, "The site has no emoji of this name."))
}

/// The emoji of the site's own.
#[utoipa::path(get, operation_id = "site_emoji", path = "/v1/emoji", tag = "site",
    responses((status = 200, body = SiteEmojiList), (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<SiteEmojiList>, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    let found = site.store.read(|read| {
        let query = "SELECT name, version, width, height FROM site_emoji ORDER BY name";
        let rows = read.query(query, params![])?;
        let emoji = rows.iter().map(SiteEmoji::of).collect::<Result<_, StoreError>>()?;
        Ok(SiteEmojiList { emoji })
    });
    Ok(Json(found.await?))
}

/// A picture for an emoji.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmojiPicture {
    /// A small PNG, WebP or GIF, in base64.
    picture: String,
}

/// Adds an emoji to the site, or gives one another picture.
#[utoipa::path(put, operation_id = "put_site_emoji", path = "/v1/emoji/{name}", tag = "site",
    params(("name" = String, Path)),
    request_body = EmojiPicture,
    responses((status = 200, body = SiteEmoji), (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"), (status = 413, description = "too_large"),
        (status = 422, description = "bad_name, invalid")))]
pub(crate) async fn put(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    Body(EmojiPicture { picture }): Body<EmojiPicture>,
) -> Result<Json<SiteEmoji>, Refusal> {
    caller.owner()?;
    check_name(&name)?;
    let bytes = STANDARD
        .decode(picture.as_bytes())
        .map_err(|_| Error::new(Code::Invalid, "`picture` is not in base64."))?;
    let most = talk_limits::SITE_EMOJI_BYTES_MAX;
    if bytes.len() > most {
        let what = format!("The picture of an emoji has at most {} bytes.", grouped(most));
        return Err(Refusal(Error::new(Code::TooLarge, what)));
    }
    let side = talk_limits::SITE_EMOJI_SIDE_PX_MAX;
    let picture = small_picture(&site, bytes.into(), TYPES, side).await?;
    let mut version = secret("")?;
    version.truncate(VERSION_LETTERS);
    let (width, height) = (picture.width, picture.height);
    let emoji = SiteEmoji { name, version, width, height };
    let by = caller.0.person;
    let put = site.store.write(move |tx| {
        let query = "SELECT 1 FROM site_emoji WHERE name <> ?1 ORDER BY name LIMIT 1 OFFSET ?2";
        let most = talk_limits::SITE_EMOJI_MAX as u64;
        if tx.query_one(query, params![&emoji.name, most - 1])?.is_some() {
            let what = format!("A site has at most {most} emoji of its own.");
            return Err(Error::new(Code::Conflict, what));
        }
        let now = tx.now_ms();
        let (width, height) = (u64::from(emoji.width), u64::from(emoji.height));
        tx.execute(
            "INSERT INTO site_emoji (name, version, width, height, type, put_by, put_ms, picture)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version, width = excluded.width,
             height = excluded.height, type = excluded.type, put_by = excluded.put_by,
             put_ms = excluded.put_ms, picture = excluded.picture",
            params![
                &emoji.name,
                &emoji.version,
                width,
                height,
                &picture.media_type,
                by,
                now,
                picture.bytes.to_vec()
            ],
        )?;
        Ok(emoji)
    });
    Ok(Json(put.await?))
}

/// Removes an emoji of the site's own. Where it was used, its name is shown.
#[utoipa::path(delete, operation_id = "delete_site_emoji", path = "/v1/emoji/{name}", tag = "site",
    params(("name" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 422, description = "bad_name")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    caller.owner()?;
    check_name(&name)?;
    let removed = site
        .store
        .write(move |tx| Ok(tx.execute("DELETE FROM site_emoji WHERE name = ?1", params![&name])?));
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The picture of an emoji of the site's own.
#[utoipa::path(get, operation_id = "site_emoji_picture", path = "/v1/emoji/{name}/{version}",
    tag = "site", params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn picture(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::FileRequest)?;
    let file = name.clone();
    let found = site.store.read(move |read| {
        let query = "SELECT type, picture FROM site_emoji WHERE name = ?1 AND version = ?2";
        let Some(row) = read.query_one(query, params![&name, &version])? else {
            return Err(Error::new(Code::NotFound, "There is no such emoji."));
        };
        Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?))
    });
    let (media_type, bytes) = found.await?;
    Ok(unchanging(&file, &media_type, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["ok", "shipit", "party_parrot", "100", "a-b+c"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(*talk_limits::SITE_EMOJI_NAME_BYTES.end() + 1);
        for name in ["", "a", "Ship", "_a", "a b", "a:b", "中文", "a\u{0}b", "-a", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_reaction_with_one_is_its_name_between_colons() {
        assert_eq!(name_in(":shipit:"), Some("shipit"));
        for text in ["shipit", ":shipit", "::", ":a:b:", ":SHIP:", ": a:"] {
            assert_eq!(name_in(text), None, "{text}");
        }
    }
}
