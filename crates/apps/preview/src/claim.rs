//! Rows of `preview_page`: each page is fetched by one node at a time, and shared by the messages that link to it.

use encke_engine::outgoing_limits;
use encke_store::{Row, Sql, StoreError, Tx, params};
use encke_talk::preview::{LinkPreview, PreviewPicture};

use crate::fetch::Fetched;
use crate::release;

const FETCHING: u64 = 0;
const SHOWN: u64 = 1;
const NOTHING: u64 = 2;

/// A page that this node has taken to fetch it.
#[derive(Clone, Copy)]
pub(crate) struct Claimed {
    pub page: u64,
    until_ms: u64,
}

/// The state of a page when a message asks for it.
pub(crate) enum Claim {
    /// It was fetched already.
    Ready(u64, PageTexts),
    /// It gave nothing a short time ago.
    Nothing,
    /// It can't be had for so many milliseconds.
    Later(u64),
    /// This node fetches it.
    Mine(Claimed),
}

/// What is told of a page.
pub(crate) struct PageTexts {
    title: String,
    description: Option<String>,
    site: Option<String>,
    picture: Option<PreviewPicture>,
}

impl PageTexts {
    /// What is told of a page that was fetched.
    pub fn of(fetched: &Fetched) -> Self {
        let Fetched { title, description, site, picture } = fetched;
        let (title, description, site) = (title.clone(), description.clone(), site.clone());
        let picture = picture.as_ref();
        let picture = picture.map(|p| PreviewPicture { width: p.width, height: p.height });
        PageTexts { title, description, site, picture }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let (width, height): (Option<u64>, Option<u64>) = (row.get(6)?, row.get(7)?);
        let picture = width.zip(height);
        let picture = picture.map(|(w, h)| PreviewPicture { width: w as u32, height: h as u32 });
        let title = row.get::<Option<String>>(3)?.unwrap_or_default();
        Ok(PageTexts { title, description: row.get(4)?, site: row.get(5)?, picture })
    }

    /// The preview of a message with this link.
    pub fn preview(self, link: String) -> LinkPreview {
        let PageTexts { title, description, site, picture } = self;
        LinkPreview { link, title, description, site, picture }
    }
}

/// Takes a page for this node if it has to be fetched. `may_fetch` takes it from the allowances; its error is the number
/// of milliseconds to wait.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    address: &str,
    may_fetch: impl FnOnce() -> Result<(), u64>,
) -> Result<Claim, StoreError> {
    let now = tx.now_ms();
    let query = "SELECT id, state, at_ms, title, description, site, picture_width, picture_height
                 FROM preview_page WHERE address = ?1";
    let found = tx.query_one(query, params![address])?;
    let until_ms = now + outgoing_limits::PREVIEW_LEASE_MS;
    if let Some(row) = found {
        let (page, state, at_ms): (u64, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_younger = |ms: u64| at_ms + ms > now;
        match state {
            FETCHING if at_ms > now => return Ok(Claim::Later(outgoing_limits::PREVIEW_AGAIN_MS)),
            SHOWN if is_younger(outgoing_limits::PREVIEW_REUSE_MS_MAX) => {
                return Ok(Claim::Ready(page, PageTexts::read(&row)?));
            }
            NOTHING if is_younger(outgoing_limits::PREVIEW_FAILED_MS) => return Ok(Claim::Nothing),
            _ => {}
        }
        if let Err(ms) = may_fetch() {
            return Ok(Claim::Later(ms));
        }
        if state != SHOWN {
            let update = "UPDATE preview_page SET state = ?2, at_ms = ?3 WHERE id = ?1";
            tx.execute(update, params![page, FETCHING, until_ms])?;
            return Ok(Claim::Mine(Claimed { page, until_ms }));
        }
        // Older messages go on showing it as it was.
        let update = "UPDATE preview_page SET address = NULL WHERE id = ?1";
        tx.execute(update, params![page])?;
    } else if let Err(ms) = may_fetch() {
        return Ok(Claim::Later(ms));
    }
    let insert =
        "INSERT INTO preview_page (address, state, at_ms) VALUES (?1, ?2, ?3) RETURNING id";
    let row = tx.query_one(insert, params![address, FETCHING, until_ms])?;
    let page = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(Claim::Mine(Claimed { page, until_ms }))
}

/// Stores what a page gave. Returns false if another node has taken the page meanwhile.
pub(crate) fn finish(
    tx: &mut Tx<'_>,
    claimed: Claimed,
    fetched: Option<Fetched>,
) -> Result<bool, StoreError> {
    let now = tx.now_ms();
    let Claimed { page, until_ms } = claimed;
    let which = "WHERE id = ?1 AND state = ?2 AND at_ms = ?3";
    let Some(Fetched { title, description, site, picture }) = fetched else {
        let update = format!("UPDATE preview_page SET state = ?4, at_ms = ?5 {which}");
        return Ok(tx.execute(&update, params![page, FETCHING, until_ms, NOTHING, now])? > 0);
    };
    let update = format!(
        "UPDATE preview_page SET state = ?4, at_ms = ?5, title = ?6, description = ?7, site = ?8,
             picture = ?9, picture_type = ?10, picture_width = ?11, picture_height = ?12 {which}"
    );
    let (mut bytes, mut media_type, mut width, mut height) = (None, None, None, None);
    if let Some(picture) = picture {
        bytes = Some(picture.bytes.to_vec());
        media_type = Some(picture.media_type);
        width = Some(u64::from(picture.width));
        height = Some(u64::from(picture.height));
    }
    let params = params![
        page,
        FETCHING,
        until_ms,
        SHOWN,
        now,
        title,
        description,
        site,
        bytes,
        media_type,
        width,
        height
    ];
    Ok(tx.execute(&update, params)? > 0)
}

/// Gives a page back that was not needed after all.
pub(crate) fn give_up(tx: &mut Tx<'_>, claimed: Claimed) -> Result<(), StoreError> {
    release::drop_unheld(tx, claimed.page)
}
