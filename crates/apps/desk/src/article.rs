//! Articles: what the staff writes for everybody to read before asking.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use encke_engine::{Code, ConversationId, Error, desk_limits};
use encke_site::{Act, Body, Caller, Path, Refusal, Site};
use encke_store::{Row, Sql, StoreError, Tx, params};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::parse_desk;
use crate::helped::{self, Helped};
use crate::one_more::check_one_more_row;
use crate::settings::DeskText;
use crate::staff;

/// An article as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ArticleContent {
    /// The title, one line.
    pub title: DeskText,
    /// The text, in Markdown.
    pub text: DeskText,
    /// Whether everybody may read it.
    pub published: bool,
}

/// An article.
#[derive(Serialize, ToSchema)]
pub(crate) struct Article {
    /// Its number.
    pub id: u64,
    #[serde(flatten)]
    pub content: ArticleContent,
    /// When it changed last, in milliseconds since 1970.
    pub changed_at: u64,
}

impl Article {
    /// The columns that [`Article::of`] reads, of `desk_article a`.
    pub const COLUMNS: &'static str =
        "a.number, a.title_en, a.title_zh, a.body_en, a.body_zh, a.published, a.changed_ms";

    /// Reads a row of these columns.
    pub fn of(row: &Row) -> Result<Self, StoreError> {
        let text =
            |en: usize| Ok::<_, StoreError>(DeskText { en: row.get(en)?, zh: row.get(en + 1)? });
        let content = ArticleContent { title: text(1)?, text: text(3)?, published: row.get(5)? };
        Ok(Article { id: row.get(0)?, content, changed_at: row.get(6)? })
    }

    /// The article with this number at a desk.
    pub fn find(
        sql: &mut impl Sql,
        house: ConversationId,
        number: &str,
    ) -> Result<Option<Self>, Error> {
        let number = number.parse::<u64>().ok().filter(|n| i64::try_from(*n).is_ok());
        let Some(number) = number else { return Ok(None) };
        let columns = Article::COLUMNS;
        let query =
            format!("SELECT {columns} FROM desk_article a WHERE a.house = ?1 AND a.number = ?2");
        Ok(sql.query_one(&query, params![house, number])?.as_ref().map(Article::of).transpose()?)
    }
}

/// The refusal of a number that no article has.
pub(crate) fn none() -> Error {
    Error::new(Code::NotFound, "There is no such article.")
}

impl ArticleContent {
    fn check(&self) -> Result<(), Error> {
        let most = desk_limits::ARTICLE_TITLE_BYTES_MAX;
        let titles = [&self.title.en, &self.title.zh];
        let is_line = |title: &&String| title.len() <= most && !title.chars().any(char::is_control);
        if titles.iter().all(|title| title.trim().is_empty()) || !titles.iter().all(is_line) {
            let what = format!("An article has a title of at most {most} bytes, on one line.");
            return Err(Error::new(Code::Invalid, what));
        }
        let most = desk_limits::ARTICLE_BYTES_MAX;
        let texts = [&self.text.en, &self.text.zh];
        if texts.iter().any(|text| text.len() > most) {
            let what = format!("An article has at most {most} bytes in each language.");
            return Err(Error::new(Code::TooLarge, what));
        }
        // Not each engine takes every character.
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(Error::new(Code::Invalid, "An article has no zero bytes."));
        }
        Ok(())
    }
}

/// The title of an article in the list of the staff.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArticleTitle {
    id: u64,
    title: DeskText,
    published: bool,
    changed_at: u64,
    /// What readers of its page answered to "Did this help?".
    helped: Helped,
}

/// The articles of a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Articles {
    /// The oldest first.
    articles: Vec<ArticleTitle>,
}

/// The articles of a desk, those that are not published, too.
#[utoipa::path(get, operation_id = "articles", path = "/v1/desks/{desk}/articles", tag = "desk",
    params(("desk" = String, Path)),
    responses((status = 200, body = Articles), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
) -> Result<Json<Articles>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let articles = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        let helped = helped::of_desk(read, house)?;
        let query = "SELECT number, title_en, title_zh, published, changed_ms FROM desk_article
                     WHERE house = ?1 ORDER BY number LIMIT ?2";
        let rows = read.query(query, params![house, desk_limits::ARTICLES_MAX as u64])?;
        let title = |row: &Row| {
            let title = DeskText { en: row.get(1)?, zh: row.get(2)? };
            let id = row.get(0)?;
            Ok(ArticleTitle {
                id,
                helped: helped.get(&id).copied().unwrap_or_default(),
                title,
                published: row.get(3)?,
                changed_at: row.get(4)?,
            })
        };
        rows.iter().map(title).collect::<Result<_, Error>>()
    });
    Ok(Json(Articles { articles: articles.await? }))
}

/// Writes an article. Owners and supervisors do it.
#[utoipa::path(post, operation_id = "create_article", path = "/v1/desks/{desk}/articles", tag = "desk",
    params(("desk" = String, Path)), request_body = ArticleContent,
    responses((status = 201, body = Article), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 409, description = "conflict"),
        (status = 413, description = "too_large"), (status = 422, description = "invalid"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn create(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(desk): Path<String>,
    Body(content): Body<ArticleContent>,
) -> Result<(StatusCode, Json<Article>), Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    content.check()?;
    site.take_message(me, caller.0.role, content.text.en.len() + content.text.zh.len())?;
    let made = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let query = "SELECT count(*) FROM desk_article WHERE house = ?1";
        let most = desk_limits::ARTICLES_MAX;
        check_one_more_row(tx, (query, params![house]), most, "articles")?;
        insert(tx, house, content)
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

fn insert(
    tx: &mut Tx<'_>,
    house: ConversationId,
    content: ArticleContent,
) -> Result<Article, Error> {
    let now = tx.now_ms();
    let ArticleContent { title, text, published } = &content;
    let row = tx.query_one(
        "INSERT INTO desk_article (house, published, title_en, title_zh, body_en, body_zh, changed_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING number",
        params![house, *published, &title.en, &title.zh, &text.en, &text.zh, now],
    )?;
    let row = row.ok_or_else(|| StoreError::Other("an insert returned no row".into()))?;
    Ok(Article { id: row.get(0)?, content, changed_at: now })
}

/// One article, as the staff has it.
#[utoipa::path(get, operation_id = "article", path = "/v1/desks/{desk}/articles/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)),
    responses((status = 200, body = Article), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
) -> Result<Json<Article>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Read)?;
    let found = site.store.read(move |read| {
        staff::at_desk(read, house, me)?;
        Article::find(read, house, &number)?.ok_or_else(none)
    });
    Ok(Json(found.await?))
}

/// Writes an article anew. Owners and supervisors do it.
#[utoipa::path(put, operation_id = "write_article", path = "/v1/desks/{desk}/articles/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)), request_body = ArticleContent,
    responses((status = 200, body = Article), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 413, description = "too_large"),
        (status = 422, description = "invalid"), (status = 429, description = "rate_limited")))]
pub(crate) async fn write(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
    Body(content): Body<ArticleContent>,
) -> Result<Json<Article>, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    content.check()?;
    site.take_message(me, caller.0.role, content.text.en.len() + content.text.zh.len())?;
    let written = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let Article { id, .. } = Article::find(tx, house, &number)?.ok_or_else(none)?;
        let now = tx.now_ms();
        let ArticleContent { title, text, published } = &content;
        tx.execute(
            "UPDATE desk_article SET published = ?2, title_en = ?3, title_zh = ?4, body_en = ?5, body_zh = ?6,
                 changed_ms = ?7 WHERE number = ?1",
            params![id, *published, &title.en, &title.zh, &text.en, &text.zh, now],
        )?;
        Ok(Article { id, content, changed_at: now })
    });
    Ok(Json(written.await?))
}

/// Deletes an article. Owners and supervisors do it.
#[utoipa::path(delete, operation_id = "delete_article", path = "/v1/desks/{desk}/articles/{number}",
    tag = "desk", params(("desk" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"), (status = 429, description = "rate_limited")))]
pub(crate) async fn delete(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((desk, number)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (house, me) = (parse_desk(&desk)?, caller.0.person);
    site.take(me, caller.0.role, Act::Message)?;
    let deleted = site.store.write(move |tx| {
        staff::leading(tx, house, me)?;
        let Article { id, .. } = Article::find(tx, house, &number)?.ok_or_else(none)?;
        helped::forget(tx, id)?;
        tx.execute("DELETE FROM desk_article WHERE number = ?1", params![id])?;
        Ok(())
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}
