//! Verified visitors: the site signs who its visitor is, with a secret of the desk.
//!
//! What it signs is a JWT (RFC 7519) with HS256. Nothing in its head chooses how it is checked: another algorithm, a key that is
//! none of this desk's, an extension that has to be understood, or a time that is no number is refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_account::{Me, me, visitor as token};
use encke_engine::{Code, ConversationId, Error, PersonId, desk_limits};
use encke_site::{Act, Body, CallerOrVisitor, Path, Refusal, Site};
use encke_store::{Sql, Tx, params};
use ring::hmac;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact;
use crate::contact_merge;
use crate::desk::DeskRow;
use crate::site_secret::{self, SiteSecret};
use crate::visit::cut;
use crate::visitor;

/// The head of what a site signs.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// What a site signs. Times are in seconds since 1970.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    nbf: Option<u64>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

/// Who a visitor is at the site.
#[derive(Debug)]
pub(crate) struct Who {
    subject: String,
    name: Option<String>,
    mail: Option<String>,
    phone: Option<String>,
}

/// The refusal of a visitor that the site has not signed.
pub(crate) fn required() -> Error {
    Error::new(
        Code::Forbidden,
        "This desk answers only visitors whose site has signed who they are.",
    )
}

fn refused(what: &str) -> Error {
    Error::new(Code::Forbidden, format!("What the site has signed is refused: {what}"))
}

/// Reads what the site of a desk has signed.
pub(crate) fn read(sql: &mut Tx<'_>, desk: &DeskRow, signed: &str) -> Result<Who, Error> {
    let secrets = site_secret::all(sql, desk.house)?;
    who(&secrets, &desk.key, signed, sql.now_ms() / 1_000)
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let wrong = || refused("it is no JWT with the claims that it needs.");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    serde_json::from_slice(&bytes).map_err(|_| wrong())
}

/// Checks a JWT with the secrets of the desk with this key, at a time in seconds.
fn who(secrets: &[SiteSecret], key: &str, signed: &str, now_s: u64) -> Result<Who, Error> {
    if signed.len() > desk_limits::IDENTITY_BYTES_MAX {
        return Err(refused("it is too long."));
    }
    let (body, tag) = signed.rsplit_once('.').ok_or_else(|| refused("it is no JWT."))?;
    let (head, claims) = body.split_once('.').ok_or_else(|| refused("it is no JWT."))?;
    let Head { alg, kid, crit } = part(head)?;
    if alg != "HS256" || crit.is_some() {
        return Err(refused("it is signed in another way than HS256."));
    }
    let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| refused("its signature is wrong."))?;
    let is_signed = |secret: &&SiteSecret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.secret.as_bytes());
        hmac::verify(&key, body.as_bytes(), &tag).is_ok()
    };
    let may_be =
        |secret: &&SiteSecret| kid.as_ref().is_none_or(|kid| *kid == secret.number.to_string());
    if secrets.iter().filter(may_be).find(is_signed).is_none() {
        return Err(refused("its signature is wrong."));
    }
    // Nothing of it was believed so far.
    let claims: Claims = part(claims)?;
    claims.check(key, now_s)?;
    let fact = |text: String| cut(text.trim(), desk_limits::VISIT_FACT_BYTES_MAX);
    let Claims { sub, name, email, phone, .. } = claims;
    Ok(Who { subject: sub, name, mail: email.map(fact), phone: phone.map(fact) })
}

impl Claims {
    fn check(&self, key: &str, now_s: u64) -> Result<(), Error> {
        let most = desk_limits::IDENTITY_SUBJECT_BYTES_MAX;
        if !(1..=most).contains(&self.sub.len()) || self.sub.chars().any(char::is_control) {
            return Err(refused("`sub` is no short text of one line."));
        }
        if self.aud != key {
            return Err(refused("`aud` is not the key of this desk."));
        }
        let soon = now_s + desk_limits::IDENTITY_AHEAD_S_MAX;
        if self.iat > soon || self.nbf.is_some_and(|nbf| nbf > soon) {
            return Err(refused("it is of the future."));
        }
        let age = self.exp.checked_sub(self.iat);
        if age.is_none_or(|age| age > desk_limits::IDENTITY_AGE_S_MAX) {
            return Err(refused("it holds for longer than an hour."));
        }
        if self.exp <= now_s {
            return Err(refused("it has expired."));
        }
        Ok(())
    }
}

/// The visitor that is this person of the site. What the site says of it is brought up to date.
pub(crate) fn known(tx: &mut Tx<'_>, desk: &DeskRow, who: &Who) -> Result<Option<PersonId>, Error> {
    let query = "SELECT person FROM desk_verified WHERE house = ?1 AND subject = ?2";
    let Some(row) = tx.query_one(query, params![desk.house, &who.subject])? else {
        return Ok(None);
    };
    let person = row.get(0)?;
    learn(tx, person, who)?;
    Ok(Some(person))
}

/// Makes a visitor this person of the site.
pub(crate) fn bind(
    tx: &mut Tx<'_>,
    desk: &DeskRow,
    person: PersonId,
    who: &Who,
) -> Result<(), Error> {
    let now = tx.now_ms();
    tx.execute(
        "INSERT INTO desk_verified (house, subject, person, verified_ms) VALUES (?1, ?2, ?3, ?4)",
        params![desk.house, &who.subject, person, now],
    )?;
    learn(tx, person, who)
}

/// Takes over what the site says of a person. A name that looks like somebody's with an account is left out.
fn learn(tx: &mut Tx<'_>, person: PersonId, who: &Who) -> Result<(), Error> {
    if let Some(name) = &who.name
        && let Ok(name) = token::check_name(tx, name)
        && contact::name(tx, person)? != name
    {
        contact::rename(tx, person, &name)?;
    }
    contact::learn(tx, person, who.mail.as_deref(), who.phone.as_deref())
}

/// The id at the site of a visitor; `None` if the site has not verified it.
pub(crate) fn subject_of(
    sql: &mut impl Sql,
    house: ConversationId,
    person: PersonId,
) -> Result<Option<String>, Error> {
    let query = "SELECT subject FROM desk_verified WHERE person = ?1 AND house = ?2";
    let row = sql.query_one(query, params![person, house])?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// What the site has signed about the calling visitor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// A JWT with HS256.
    identity: String,
}

/// A visitor that the site has verified.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identified {
    /// The token of the visitor that the person was before; absent if the caller goes on with its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
    me: Me,
}

/// Proves who the calling visitor is at the site. If the person was here before, in another browser, the caller goes on as that
/// visitor with the token in the answer, and what it has asked so far goes along.
#[utoipa::path(post, operation_id = "identify", path = "/v1/desks/{desk}/identity", tag = "desk",
    params(("desk" = String, Path)), request_body = Identity,
    responses((status = 200, body = Identified), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn identify(
    State(site): State<Arc<Site>>,
    caller: CallerOrVisitor,
    Path(key): Path<String>,
    Body(Identity { identity }): Body<Identity>,
) -> Result<Json<Identified>, Refusal> {
    crate::key::check_key(&key)?;
    site.take(caller.0.person, caller.0.role, Act::Creation)?;
    let (held, secret) = (site.clone(), token::new_secret()?);
    let identified = site.store.write(move |tx| {
        let (desk, row) = visitor::at(tx, &key, caller)?;
        let who = read(tx, &desk, &identity)?;
        let person = match known(tx, &desk, &who)? {
            Some(person) => person,
            None if !row.verified => {
                bind(tx, &desk, row.person, &who)?;
                row.person
            }
            // Somebody else signed in at the same browser.
            None => {
                let name = format!("Visitor {}", row.person.0);
                let person = visitor::insert(tx, &desk, &name, &row.language, &secret)?;
                bind(tx, &desk, person, &who)?;
                return Ok(Identified { token: Some(secret), me: me(tx, &held, person)? });
            }
        };
        if person == row.person {
            return Ok(Identified { token: None, me: me(tx, &held, person)? });
        }
        token::let_in_again(tx, person, &secret)?;
        if !row.verified && !row.blocked {
            contact_merge::join(tx, &held, row.person, person)?;
        }
        Ok(Identified { token: Some(secret), me: me(tx, &held, person)? })
    });
    Ok(Json(identified.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAA";
    const NOW: u64 = 1_700_000_000;

    fn secret(number: u64, text: &str) -> SiteSecret {
        SiteSecret { number, secret: text.into(), made_at: 0 }
    }

    fn signed(head: &str, claims: &str, secret: &str) -> String {
        let body = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn claims(iat: impl std::fmt::Display, exp: impl std::fmt::Display) -> String {
        format!(r#"{{"sub":"u1","aud":"{KEY}","iat":{iat},"exp":{exp},"name":"Eve"}}"#)
    }

    #[test]
    fn what_the_site_signs_holds_with_either_secret_and_for_a_short_time() {
        let secrets = [secret(2, "new"), secret(1, "old")];
        let good = claims(NOW - 10, NOW + 300);
        for (head, by) in [
            (r#"{"alg":"HS256","typ":"JWT"}"#, "new"),
            (r#"{"alg":"HS256"}"#, "old"),
            (r#"{"alg":"HS256","kid":"1"}"#, "old"),
        ] {
            let who = who(&secrets, KEY, &signed(head, &good, by), NOW).unwrap();
            assert_eq!((who.subject.as_str(), who.name.as_deref()), ("u1", Some("Eve")));
        }
        let token = signed(r#"{"alg":"HS256"}"#, &good, "new");
        assert!(who(&secrets, KEY, &token, NOW + 299).is_ok());
        assert!(who(&secrets, KEY, &token, NOW + 300).is_err(), "it has expired");
    }

    #[test]
    fn fuzz_of_tokens_only_those_that_the_site_made_are_taken() {
        let secrets = [secret(2, "new"), secret(1, "old")];
        let good = claims(NOW - 10, NOW + 300);
        let head = r#"{"alg":"HS256"}"#;
        let made = [signed(head, &good, "new"), signed(head, &good, "old")];
        let words: Vec<&[u8]> = made
            .iter()
            .flat_map(|token| token.split('.'))
            .map(str::as_bytes)
            .chain([b".".as_slice(), b"=", b"eyJhbGciOiJub25lIn0", b"e30"])
            .collect();
        encke_fuzz::run("identity", &words, |bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            let is_made = made.iter().any(|token| token == text);
            assert_eq!(who(&secrets, KEY, text, NOW).is_ok(), is_made, "{text}");
        });
    }

    #[test]
    fn fuzz_claims_that_are_signed_are_bounded_or_refused() {
        let secrets = [secret(1, "new")];
        let words: &[&[u8]] =
            &[b"\"exp\":", b"\"iat\":", b"\"sub\":", b"1e999", b"-1", b"\\u0000", b"[[[["];
        encke_fuzz::run("claims", words, |bytes| {
            let body = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
                URL_SAFE_NO_PAD.encode(bytes)
            );
            let key = hmac::Key::new(hmac::HMAC_SHA256, b"new");
            let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, body.as_bytes()));
            let Ok(who) = who(&secrets, KEY, &format!("{body}.{tag}"), NOW) else { return };
            assert!(!who.subject.is_empty() && who.subject.len() <= 256, "{}", who.subject);
            for fact in [who.mail, who.phone].into_iter().flatten() {
                assert!(fact.len() <= desk_limits::VISIT_FACT_BYTES_MAX);
                assert!(!fact.contains(char::is_control), "{fact:?}");
            }
        });
    }

    #[test]
    fn what_nobody_signed_for_this_desk_now_is_refused() {
        let secrets = [secret(2, "new"), secret(1, "old")];
        let head = r#"{"alg":"HS256"}"#;
        let good = claims(NOW, NOW + 300);
        let mut wrong = vec![
            signed(r#"{"alg":"none"}"#, &good, "new"),
            signed(r#"{"alg":"HS512"}"#, &good, "new"),
            signed(r#"{"alg":"hs256"}"#, &good, "new"),
            signed(r#"{"typ":"JWT"}"#, &good, "new"),
            signed(r#"{"alg":"HS256","kid":"2"}"#, &good, "old"),
            signed(r#"{"alg":"HS256","kid":"../../etc/passwd"}"#, &good, "new"),
            signed(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, &good, "new"),
            signed(r#"{"alg":"none","alg":"HS256"}"#, &good, "new"),
            signed(head, &good, "another desk's"),
            signed(head, &good, ""),
            signed(head, &claims(NOW, format!("\"{}\"", NOW + 300)), "new"),
            signed(head, &claims(NOW, NOW + 3_601), "new"),
            signed(head, &claims(NOW + 120, NOW + 300), "new"),
            signed(head, &claims(NOW - 600, NOW - 300), "new"),
            signed(head, &claims(NOW, u64::MAX), "new"),
            signed(head, &claims(NOW, -1), "new"),
            signed(head, &claims(NOW, format!("{}.5", NOW + 300)), "new"),
            signed(head, &format!(r#"{{"sub":"u1","aud":"{KEY}","iat":{NOW}}}"#), "new"),
            signed(head, &format!(r#"{{"sub":"u1","iat":{NOW},"exp":{}}}"#, NOW + 9), "new"),
            signed(head, &good.replace(KEY, "BBBBBBBBBBBBBBBB"), "new"),
            signed(head, &good.replace("u1", ""), "new"),
            signed(head, &good.replace("u1", &"u".repeat(300)), "new"),
            signed(head, "[]", "new"),
            String::new(),
            "..".into(),
            "a.b".into(),
            "x".repeat(10_000),
        ];
        let token = signed(head, &good, "new");
        let (body, _) = token.rsplit_once('.').unwrap();
        wrong.extend([
            format!("{body}."),
            body.to_owned(),
            format!("{token}="),
            format!("{token}x"),
        ]);
        for text in wrong {
            let refused = who(&secrets, KEY, &text, NOW).unwrap_err();
            assert_eq!(refused.code, Code::Forbidden, "{text}");
        }
        assert!(who(&[], KEY, &token, NOW).is_err(), "a desk without a secret");
        assert!(who(&secrets, KEY, &token, NOW).is_ok());
    }
}
