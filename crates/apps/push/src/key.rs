//! The key with which a site shows push services who it is (RFC 8292). It is made once, and all nodes share it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Held;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_engine::{Code, Error};
use encke_site::{Act, Caller, Refusal, Site};
use encke_store::{Sql, StoreError, params};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::State;

/// The key pair of a site.
pub(crate) struct SiteKey(EcdsaKeyPair);

fn unusable(what: &str) -> Error {
    tracing::error!("the key of notifications: {what}");
    Error::new(Code::Internal, "The server has no key for notifications.")
}

impl SiteKey {
    /// Makes a key pair. Returns its stored form.
    fn make() -> Result<Vec<u8>, Error> {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Ok(made.map_err(|_| unusable("no random numbers"))?.as_ref().to_vec())
    }

    /// Reads the stored form.
    fn read(stored: &[u8]) -> Result<Self, Error> {
        let rng = SystemRandom::new();
        let read = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, stored, &rng);
        read.map(SiteKey).map_err(|e| unusable(&e.to_string()))
    }

    /// The key of the site, from memory or from the store, which it is put into if nobody has needed it before.
    pub async fn of(site: &Arc<Site>) -> Result<&SiteKey, Error> {
        let state = State::of(site);
        if let Some(key) = state.key.get() {
            return Ok(key);
        }
        let query = "SELECT private FROM push_key WHERE id = 0";
        let stored = |row: Option<encke_store::Row>| -> Result<Option<Vec<u8>>, StoreError> {
            row.map(|row| row.get(0)).transpose()
        };
        let known = site.store.read(move |read| Ok(stored(read.query_one(query, params![])?)?));
        let private = match known.await? {
            Some(private) => private,
            None => {
                let made = SiteKey::make()?;
                let written = site.store.write(move |tx| {
                    let insert = "INSERT INTO push_key (id, private) VALUES (0, ?1)
                                  ON CONFLICT (id) DO NOTHING";
                    tx.execute(insert, params![made])?;
                    // Another node may have been faster.
                    Ok(stored(tx.query_one(query, params![])?)?)
                });
                written.await?.ok_or_else(|| unusable("it is missing"))?
            }
        };
        let key = SiteKey::read(&private)?;
        Ok(state.key.get_or_init(|| key))
    }

    /// The public key: a point of P-256, not compressed.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    /// Signs a text.
    pub fn sign(&self, text: &[u8]) -> Result<String, Error> {
        let signed = self.0.sign(&SystemRandom::new(), text);
        Ok(URL_SAFE_NO_PAD.encode(signed.map_err(|_| unusable("it does not sign"))?))
    }
}

/// The public key of the site.
#[derive(Serialize, ToSchema)]
pub(crate) struct PublicKey {
    /// A point of P-256 in base64url, as `pushManager.subscribe` takes it for `applicationServerKey`.
    key: String,
}

/// Returns the key with which a browser subscribes to notifications.
#[utoipa::path(get, operation_id = "push_key", path = "/v1/push/key", tag = "push",
    responses((status = 200, body = PublicKey), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    Held(site): Held<Arc<Site>>,
    caller: Caller,
) -> Result<Json<PublicKey>, Refusal> {
    site.take(caller.0.person, caller.0.role, Act::Read)?;
    State::of(&site).open()?;
    Ok(Json(PublicKey { key: SiteKey::of(&site).await?.public() }))
}
