//! Settings of a site, which its owner decides.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, Error, PersonId, limits};
use encke_store::{Sql, StoreError, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use encke_site::Site;
use encke_site::body::Body;
use encke_site::caller::Caller;
use encke_site::reply::Refusal;

/// Characters of a site's name.
const SITE_NAME_CHARS_MAX: usize = 64;

/// The settings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Settings {
    /// Whether anyone may enter with a display name alone.
    pub guests: bool,
    /// The channels that guests may follow: names, and beginnings of names with a `*` at the end.
    pub guest_channels: Vec<String>,
    /// Whether messages show previews of their links, if the server's options let them.
    pub previews: bool,
    /// Name of the site.
    pub site_name: String,
}

/// Reads the settings.
pub fn settings(sql: &mut impl Sql) -> Result<Settings, StoreError> {
    let mut settings = Settings {
        guests: false,
        guest_channels: Vec::new(),
        previews: true,
        site_name: "Encke".into(),
    };
    for row in sql.query("SELECT name, value FROM setting", params![])? {
        let value: String = row.get(1)?;
        match row.get::<String>(0)?.as_str() {
            "guests" => settings.guests = value == "true",
            // An unreadable value allows no channel.
            "guest_channels" => {
                settings.guest_channels = serde_json::from_str(&value).unwrap_or_default();
            }
            "previews" => settings.previews = value == "true",
            "site_name" => settings.site_name = value,
            _ => {}
        }
    }
    Ok(settings)
}

/// Refuses patterns that can't match any channel. The channels themselves need not exist.
fn check_channels(allowed: &[String]) -> Result<(), Error> {
    let good = |pattern: &String| {
        let begin = pattern.strip_suffix('*').unwrap_or(pattern);
        !pattern.is_empty()
            && begin.len() <= limits::CHANNEL_NAME_BYTES_MAX
            && begin.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
    };
    if allowed.len() <= limits::GUEST_CHANNELS_MAX && allowed.iter().all(good) {
        return Ok(());
    }
    let what = "guest_channels has at most 100 names of channels; one that ends in * stands for \
                all that begin so.";
    Err(Error::new(Code::Invalid, what))
}

/// A change of settings. Absent settings stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    guests: Option<bool>,
    guest_channels: Option<Vec<String>>,
    previews: Option<bool>,
    site_name: Option<String>,
}

/// Returns the settings of the site.
#[utoipa::path(get, operation_id = "settings", path = "/v1/settings", tag = "site",
    responses((status = 200, body = Settings), (status = 403, description = "forbidden")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
) -> Result<Json<Settings>, Refusal> {
    caller.owner()?;
    Ok(Json(site.store.read(|read| Ok(settings(read)?)).await?))
}

/// Changes settings.
#[utoipa::path(patch, operation_id = "change_settings", path = "/v1/settings", tag = "site",
    request_body = SettingsChange,
    responses((status = 200, body = Settings), (status = 403, description = "forbidden")))]
pub(crate) async fn change(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Body(change): Body<SettingsChange>,
) -> Result<Json<Settings>, Refusal> {
    caller.owner()?;
    if let Some(name) = &change.site_name {
        let good = (1..=SITE_NAME_CHARS_MAX).contains(&name.chars().count())
            && !name.trim().is_empty()
            && !name.chars().any(char::is_control);
        if !good {
            let what =
                format!("A site's name has 1 to {SITE_NAME_CHARS_MAX} characters on one line.");
            return Err(Refusal(Error::new(Code::Invalid, what)));
        }
    }
    if let Some(allowed) = &change.guest_channels {
        check_channels(allowed)?;
    }
    let changed = site.store.write(move |tx| {
        let SettingsChange { guests, guest_channels, previews, site_name } = change;
        let now = settings(tx)?.guest_channels;
        if guest_channels.as_ref().is_some_and(|new| *new != now) {
            // Guests that follow channels reconnect at once, and the new list decides which they may follow.
            tx.revoke(PersonId::EVERY_GUEST, None)?;
        }
        let list = |l: Vec<String>| serde_json::to_string(&l).expect("texts are JSON");
        let new = [
            ("guests", guests.map(|g| g.to_string())),
            ("guest_channels", guest_channels.map(list)),
            ("previews", previews.map(|p| p.to_string())),
            ("site_name", site_name),
        ];
        for (name, value) in new {
            if let Some(value) = value {
                tx.execute(
                    "INSERT INTO setting (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    params![name, value],
                )?;
            }
        }
        Ok(settings(tx)?)
    });
    Ok(Json(changed.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(allowed: &[&str]) -> Vec<String> {
        allowed.iter().map(|a| (*a).to_owned()).collect()
    }

    #[test]
    fn invalid_names_are_refused() {
        assert!(check_channels(&list(&["*", "news:*", "a.b-c_d:e"])).is_ok());
        for bad in ["", "a b", "*a", "a**", "\u{e9}", &"x".repeat(129)] {
            assert!(check_channels(&list(&[bad])).is_err(), "{bad}");
        }
        assert!(check_channels(&vec!["a".to_owned(); limits::GUEST_CHANNELS_MAX + 1]).is_err());
    }
}
