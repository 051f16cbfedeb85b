//! Help: the published articles of a desk, for everybody, with a search that also works while somebody types a question.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use encke_account::{pattern, visitor};
use encke_engine::{Code, Error, desk_limits};
use encke_site::{Path, Refusal, Site};
use encke_store::{Read, Row, Sql, Value, params};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::article::{Article, none};
use crate::desk::DeskRow;
use crate::settings::DeskText;
use crate::visit::cut;
use crate::visitor::Address;

/// An article that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundArticle {
    pub id: u64,
    pub title: DeskText,
    /// The beginning of its text.
    #[serde(skip)]
    pub text: DeskText,
}

/// Articles for everybody.
#[derive(Serialize, ToSchema)]
pub(crate) struct Help {
    /// Without a search all that are published, the oldest first; otherwise those that fit best.
    articles: Vec<FoundArticle>,
}

/// A search for articles.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedHelp {
    /// What somebody has typed. Those that hold most of its words come first.
    #[serde(default)]
    q: String,
}

/// Characters of an article that a list reads: enough for its first words without their marks.
const BEGINNING: usize = 4 * desk_limits::ARTICLE_BEGINNING_CHARS_MAX;

/// The words of a search: words as they stand between spaces, and pairs of characters of Chinese, which has none.
fn words(text: &str) -> Vec<String> {
    let text = cut(text, desk_limits::DESK_SEARCH_BYTES_MAX).to_lowercase();
    let is_chinese = |c: char| ('\u{2E80}'..='\u{9FFF}').contains(&c) || c >= '\u{20000}';
    let mut words: Vec<String> = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let all: Vec<char> = part.chars().collect();
        match all.iter().any(|c| is_chinese(*c)) {
            true if all.len() > 1 => words.extend(all.windows(2).map(|two| two.iter().collect())),
            true => words.push(part.into()),
            // Shorter words say nothing of what somebody looks for.
            false if all.len() > 2 => words.push(part.into()),
            false => {}
        }
    }
    words.sort();
    words.dedup();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(desk_limits::DESK_SEARCH_WORDS_MAX);
    words
}

/// The published articles of a desk, or those that fit what somebody has typed.
#[utoipa::path(get, operation_id = "help", path = "/v1/desks/{desk}/help", tag = "desk",
    params(("desk" = String, Path), WantedHelp), security(()),
    responses((status = 200, body = Help), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn list(
    State(site): State<Arc<Site>>,
    Path(key): Path<String>,
    Address(address): Address,
    wanted: Result<Query<WantedHelp>, QueryRejection>,
) -> Result<Json<Help>, Refusal> {
    let Query(wanted) = wanted.map_err(|e| Error::new(Code::BadRequest, e.body_text()))?;
    visitor::take_help(&site, address)?;
    let articles = site.store.read(move |read| {
        let desk = DeskRow::by_key(read, &key)?;
        find(read, &desk, &wanted.q, desk_limits::ARTICLES_FOUND_MAX)
    });
    Ok(Json(Help { articles: articles.await? }))
}

/// The published articles that fit a search best; all of them without one.
pub(crate) fn find(
    read: &mut Read<'_>,
    desk: &DeskRow,
    wanted: &str,
    found_max: usize,
) -> Result<Vec<FoundArticle>, Error> {
    let words = words(wanted);
    if words.is_empty() && !wanted.trim().is_empty() {
        return Ok(Vec::new());
    }
    let most = if words.is_empty() { desk_limits::ARTICLES_MAX } else { found_max };
    let mut all: Vec<Value> = params![desk.house, most as u64].to_vec();
    let mut score = String::from("0");
    for word in &words {
        all.push(pattern(word).into());
        let number = all.len();
        let holds = |column: &str| format!("lower(a.{column}) LIKE ?{number} ESCAPE '\\'");
        // A word of the title says more than one of the text.
        score.push_str(&format!(
            " + CASE WHEN {} OR {} THEN 3 WHEN {} OR {} THEN 1 ELSE 0 END",
            holds("title_en"),
            holds("title_zh"),
            holds("body_en"),
            holds("body_zh")
        ));
    }
    let query = format!(
        "SELECT number, title_en, title_zh, begin_en, begin_zh FROM (
             SELECT a.number, a.title_en, a.title_zh, substr(a.body_en, 1, {BEGINNING}) AS begin_en,
                 substr(a.body_zh, 1, {BEGINNING}) AS begin_zh, {score} AS score FROM desk_article a
             WHERE a.house = ?1 AND a.published = 1) AS scored
         WHERE score > 0 OR {} ORDER BY score DESC, number LIMIT ?2",
        if words.is_empty() { "1 = 1" } else { "1 = 0" }
    );
    let found = |row: &Row| {
        let title = DeskText { en: row.get(1)?, zh: row.get(2)? };
        let text = DeskText { en: row.get(3)?, zh: row.get(4)? };
        Ok(FoundArticle { id: row.get(0)?, title, text })
    };
    read.query(&query, &all)?.iter().map(found).collect()
}

/// One published article.
#[utoipa::path(get, operation_id = "help_article", path = "/v1/desks/{desk}/help/{number}", tag = "desk",
    params(("desk" = String, Path), ("number" = String, Path)), security(()),
    responses((status = 200, body = Article), (status = 404, description = "not_found"),
        (status = 429, description = "rate_limited")))]
pub(crate) async fn get(
    State(site): State<Arc<Site>>,
    Path((key, number)): Path<(String, String)>,
    Address(address): Address,
) -> Result<Json<Article>, Refusal> {
    visitor::take_help(&site, address)?;
    let found = site.store.read(move |read| {
        let desk = DeskRow::by_key(read, &key)?;
        let article = Article::find(read, desk.house, &number)?;
        article.filter(|article| article.content.published).ok_or_else(none)
    });
    Ok(Json(found.await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_for_words_and_for_pairs_of_chinese_characters() {
        assert_eq!(words("How do I return a T-shirt?"), ["return", "shirt", "how"]);
        assert_eq!(words("怎么退货"), ["么退", "怎么", "退货"]);
        assert_eq!(words("% _ ' \" \\ -"), Vec::<String>::new());
        assert!(words(&"word ".repeat(100)).len() <= desk_limits::DESK_SEARCH_WORDS_MAX);
        assert!(words(&"我们".repeat(100)).len() <= desk_limits::DESK_SEARCH_WORDS_MAX);
    }
}
