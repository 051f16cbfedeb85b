//! What becomes of a row that is due: it is sent, waits, or is forgotten.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_account::presence;
use encke_engine::presence::Presence;
use encke_engine::{ConversationId, Error, Owner, PersonId, Seq, limits, outgoing_limits};
use encke_site::Site;
use encke_site::notices::Notice;
use encke_store::{Read, Sql, params};
use encke_talk::notice::{self, Counted, News};
use ring::digest;

use crate::due::{self, Due};
use crate::encrypt::{BrowserKeys, encrypt};
use crate::key::SiteKey;
use crate::notification::{NoticeText, Notification};
use crate::service::{self, Outcome, Ready};
use crate::state::{Ground, State};
use crate::{credential, quiet, subscription, vapid};

/// Characters of a topic at most (RFC 8030).
const TOPIC_CHARS: usize = 32;

/// Looks after a row that this node has taken, in a task of its own.
pub(crate) fn begin(site: &Arc<Site>, due: Due) {
    let Ok(place) = State::of(site).running.clone().try_acquire_owned() else { return };
    let site = site.clone();
    tokio::spawn(async move {
        // After a fault the row waits until its time with this node is over.
        if let Err(e) = look_after(&site, due).await {
            tracing::warn!("a notification: {e}");
        }
        drop(place);
    });
}

/// A decision about a row.
enum Decision {
    /// The person has been told, or need not be.
    Done,
    /// The subscription has ended.
    Forget,
    /// The row waits until a time, after this many tries that failed.
    Later(u64, u64),
}

async fn look_after(site: &Arc<Site>, due: Due) -> Result<(), Error> {
    let decision = decide(site, &due).await?;
    let stored = site.store.write(move |tx| {
        match decision {
            Decision::Done => due::done(tx, &due)?,
            Decision::Forget => subscription::forget(tx, due.subscription)?,
            Decision::Later(at_ms, tries) => due::later(tx, &due, at_ms, tries)?,
        }
        Ok(())
    });
    stored.await
}

async fn decide(site: &Arc<Site>, due: &Due) -> Result<Decision, Error> {
    let Some(ground) = State::of(site).ground() else { return Ok(Decision::Done) };
    let (held, wanted) = (site.clone(), due.clone());
    let found = site.store.read(move |read| find(read, &held, &wanted)).await?;
    let Some((browser, told, quiet)) = found else { return Ok(Decision::Done) };
    let now = site.now_ms();
    if quiet.holds(now) {
        return Ok(Decision::Done);
    }
    if presence(site, browser.person) != Presence::Offline {
        // An open page tells the person itself. But it may have been closed a moment ago, or before the person looked.
        let is_late = now >= due.since_ms + outgoing_limits::PUSH_PAGE_MS_MAX;
        let again = now + limits::PRESENCE_GRACE_MS;
        return Ok(if is_late { Decision::Done } else { Decision::Later(again, due.tries) });
    }
    if credential::has_ended(site, browser.person, browser.credential).await? {
        return Ok(Decision::Forget);
    }
    let Some(ready) = ready(site, ground, due, &browser, &told).await? else {
        return Ok(Decision::Forget);
    };
    Ok(match service::send(&ground.egress, ready).await {
        Outcome::Taken | Outcome::Refused => Decision::Done,
        Outcome::Gone => Decision::Forget,
        Outcome::Later(asked) => match service::pause(due.tries + 1, asked) {
            Some(ms) => Decision::Later(site.now_ms() + ms, due.tries + 1),
            None => Decision::Done,
        },
    })
}

/// A browser with its address and keys.
struct Browser {
    person: PersonId,
    credential: u64,
    endpoint: String,
    keys: BrowserKeys,
}

/// What a browser is told.
enum Told {
    /// The news of a conversation.
    News(ConversationId, News),
    /// What a product has to say.
    Notice(Notice),
}

/// What a row tells a person at this moment; `None` if nothing of it is news any more.
fn told(
    read: &mut Read<'_>,
    site: &Site,
    due: &Due,
    person: PersonId,
) -> Result<Option<Told>, Error> {
    if let Owner::Conversation(id) = due.stream.owner() {
        let messages = due.first_seq..=due.last_seq;
        let news = notice::news(read, site, id, person, messages, Counted::All)?;
        return Ok(news.map(|news| Told::News(id, news)));
    }
    let most = outgoing_limits::PUSH_MESSAGES_COUNTED_MAX;
    let before = Some(Seq(due.last_seq.0 + 1));
    let (mut events, _) = read.before(due.stream, before, most)?;
    events.retain(|entry| entry.event.seq >= due.first_seq);
    for product in site.products().iter().filter_map(|product| product.extras().notices) {
        if let Some(notice) = product.notice(read, site, &events, person)? {
            return Ok(Some(Told::Notice(notice)));
        }
    }
    Ok(None)
}

/// The browser of a row, what it is told, and the quiet hours of its person; `None` if either of the first two is gone.
fn find(
    read: &mut Read<'_>,
    site: &Site,
    due: &Due,
) -> Result<Option<(Browser, Told, quiet::Quiet)>, Error> {
    let query =
        "SELECT person, credential, endpoint, p256dh, auth FROM push_subscription WHERE id = ?1";
    let Some(row) = read.query_one(query, params![due.subscription])? else { return Ok(None) };
    let browser = Browser {
        person: row.get(0)?,
        credential: credential::read(&row.get::<String>(1)?),
        endpoint: row.get(2)?,
        keys: BrowserKeys { p256dh: row.get(3)?, auth: row.get(4)? },
    };
    let told = told(read, site, due, browser.person)?;
    let quiet = quiet::of(read, browser.person, site.now_ms())?;
    Ok(told.map(|told| (browser, told, quiet)))
}

/// Makes the request; `None` if nothing can be sent to this browser.
async fn ready(
    site: &Arc<Site>,
    ground: &Ground,
    due: &Due,
    browser: &Browser,
    told: &Told,
) -> Result<Option<Ready>, Error> {
    // The options may have changed since the browser subscribed.
    let Ok(url) = ground.egress.check(&browser.endpoint) else { return Ok(None) };
    let (text, is_urgent) = match told {
        Told::News(id, news) => {
            let is_urgent = news.mentions || news.title.is_none();
            (Notification::of(*id, news, ground.has_text).json(), is_urgent)
        }
        Told::Notice(notice) => (NoticeText::of(notice, ground.has_text).json(), true),
    };
    let Ok(body) = encrypt(&browser.keys, &text) else { return Ok(None) };
    let key = SiteKey::of(site).await?;
    let contact = ground.contact.as_deref();
    let authorization = vapid::authorization(key, &url, contact, site.now_ms())?;
    // The push service learns nothing from it but that two notifications belong together.
    let secret = [&browser.keys.auth[..], &due.stream.raw().to_be_bytes()].concat();
    let mut topic = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &secret));
    topic.truncate(TOPIC_CHARS);
    Ok(Some(Ready { url, authorization, topic, is_urgent, body }))
}
