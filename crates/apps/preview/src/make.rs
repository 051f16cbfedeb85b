//! What becomes of a message that is due: it gets a preview, waits, or holds nothing.

use std::fmt::Write;
use std::sync::Arc;

use encke_account::settings;
use encke_egress::Url;
use encke_engine::{Error, outgoing_limits};
use encke_site::Site;
use encke_store::Tx;
use encke_talk::preview::{self, Wanted};
use ring::digest;

use crate::claim::{self, Claim, Claimed, PageTexts};
use crate::due::{self, Due};
use crate::fetch::{Fetched, fetch};
use crate::rate::Counted;
use crate::release::{hold, release};
use crate::state::{Ground, State};

/// Looks after a message that this node has taken, in a task of its own.
pub(crate) fn begin(site: &Arc<Site>, due: Due) {
    let Ok(place) = State::of(site).running.clone().try_acquire_owned() else { return };
    let site = site.clone();
    tokio::spawn(async move {
        // After a fault the row waits until its time with this node is over.
        if let Err(e) = look_after(&site, due).await {
            tracing::warn!("the preview of a link: {e}");
        }
        drop(place);
    });
}

async fn look_after(site: &Arc<Site>, due: Due) -> Result<(), Error> {
    let Some(ground) = State::of(site).ground() else { return Ok(()) };
    let (id, seq) = due.key();
    let wanted = site.store.read(move |read| match settings(read)?.previews {
        true => preview::wanted(read, id, seq),
        false => Ok(None),
    });
    let wanted = wanted.await?;
    if wanted.as_ref().is_some_and(|wanted| wanted.is_shown) {
        return site.store.write(move |tx| Ok(due::done(tx, &due)?)).await;
    }
    let Some((wanted, url)) = wanted.and_then(|wanted| address(site, ground, due, wanted)) else {
        return site.store.write(move |tx| nothing(tx, &due)).await;
    };
    let (held, to) = (site.clone(), url.clone());
    let (link, author, at) = (wanted.link.clone(), wanted.author, wanted.position);
    let claimed = site.store.write(move |tx| {
        release(tx, due.key())?;
        let host = to.host_str().unwrap_or_default().to_owned();
        let counted: Vec<Counted> =
            author.map(Counted::Person).into_iter().chain([Counted::Host(host)]).collect();
        let now = tx.now_ms();
        let may = || State::of(&held).rates.take(&counted, now);
        match claim::take(tx, &digits(to.as_str()), may)? {
            Claim::Ready(page, texts) => {
                if preview::show(tx, at, texts.preview(link))? {
                    hold(tx, due.key(), page)?;
                }
                due::done(tx, &due)?;
                Ok(None)
            }
            Claim::Nothing => {
                due::done(tx, &due)?;
                Ok(None)
            }
            Claim::Later(ms) => {
                due::later(tx, &due, now + ms)?;
                Ok(None)
            }
            Claim::Mine(claimed) => Ok(Some(claimed)),
        }
    });
    let Some(claimed) = claimed.await? else { return Ok(()) };
    let fetched = fetch(ground, url).await;
    site.store.write(move |tx| fetched_page(tx, &due, wanted, claimed, fetched)).await
}

/// The address that a message is to have a preview of, if the server may fetch it and the message is not too old.
fn address(site: &Site, ground: &Ground, due: Due, wanted: Wanted) -> Option<(Wanted, Url)> {
    if site.now_ms() > due.since_ms + outgoing_limits::PREVIEW_AGE_MS_MAX {
        return None;
    }
    let mut url = ground.egress.check(&wanted.link).ok()?;
    url.set_fragment(None);
    Some((wanted, url))
}

fn nothing(tx: &mut Tx<'_>, due: &Due) -> Result<(), Error> {
    release(tx, due.key())?;
    due::done(tx, due)?;
    Ok(())
}

/// Stores what was fetched, and shows it under the message that asked for it.
fn fetched_page(
    tx: &mut Tx<'_>,
    due: &Due,
    wanted: Wanted,
    claimed: Claimed,
    fetched: Option<Fetched>,
) -> Result<(), Error> {
    let texts = fetched.as_ref().map(PageTexts::of);
    if !claim::finish(tx, claimed, fetched)? {
        // This took so long that another node has begun anew. It shows what it finds.
        return Ok(due::done(tx, due)?);
    }
    if let Some(texts) = texts {
        if preview::show(tx, wanted.position, texts.preview(wanted.link))? {
            hold(tx, due.key(), claimed.page)?;
        } else {
            // The message was recalled meanwhile, or has another link.
            claim::give_up(tx, claimed)?;
        }
    }
    due::done(tx, due)?;
    Ok(())
}

/// The name of an address in the table, from which nobody can tell the address.
fn digits(address: &str) -> String {
    let digest = digest::digest(&digest::SHA256, address.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
