//! The word of a site to a push service about who it is (RFC 8292).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_egress::Url;
use encke_engine::{Error, outgoing_limits};
use serde::Serialize;

use crate::key::SiteKey;

/// What the site says.
#[derive(Serialize)]
struct Claims<'a> {
    /// The push service that it is said to.
    aud: String,
    /// The time until which it holds, in seconds since 1970.
    exp: u64,
    /// Where the operator is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

/// The value of the header `Authorization` for a push service.
pub(crate) fn authorization(
    key: &SiteKey,
    endpoint: &Url,
    contact: Option<&str>,
    now_ms: u64,
) -> Result<String, Error> {
    let exp = now_ms / 1_000 + outgoing_limits::PUSH_TOKEN_AGE_S;
    let claims = Claims { aud: endpoint.origin().ascii_serialization(), exp, sub: contact };
    let part = |json: &[u8]| URL_SAFE_NO_PAD.encode(json);
    let head = part(br#"{"typ":"JWT","alg":"ES256"}"#);
    let body = part(&serde_json::to_vec(&claims).expect("claims are plain data"));
    let said = format!("{head}.{body}");
    let signature = key.sign(said.as_bytes())?;
    Ok(format!("vapid t={said}.{signature}, k={}", key.public()))
}
