//! Pages of a person's lists.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use encke_engine::{Code, Error, keep_limits};
use serde::Deserialize;
use utoipa::IntoParams;

/// The number of entries in a page if the request names none.
const PAGE_DEFAULT: usize = 20;

/// A choice of a page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedPage {
    /// Go on behind the page that gave this as `next`.
    next: Option<String>,
    /// Greatest number of entries in the page; 20 if absent, 50 at most.
    limit: Option<usize>,
}

/// A query as it was extracted.
pub(crate) type Wanted = Result<Query<WantedPage>, QueryRejection>;

/// The place between two entries of a list that is ordered by a number and then by another one, as the `next` of a page
/// has it.
#[derive(Clone, Copy)]
pub(crate) struct Behind(pub u64, pub u64);

/// A page as it was asked for.
pub(crate) struct Page {
    /// The last entry of the page before; `None` for the first page.
    pub behind: Option<Behind>,
    /// The greatest number of entries.
    pub limit: usize,
}

impl Page {
    /// Reads the query of a request.
    pub fn of(wanted: Wanted) -> Result<Self, Error> {
        let bad = |what: String| Error::new(Code::BadRequest, what);
        let Query(wanted) = wanted.map_err(|e| bad(e.body_text()))?;
        let wrong = || bad("`next` is not the `next` of a page.".into());
        let behind = wanted.next.as_deref().map(|next| behind(next).ok_or_else(wrong));
        let limit = wanted.limit.unwrap_or(PAGE_DEFAULT).clamp(1, keep_limits::KEPT_PAGE_MAX);
        Ok(Page { behind: behind.transpose()?, limit })
    }

    /// The rows of the page, out of one more than fit, and the `next` of the page behind it.
    pub fn cut<T>(&self, rows: &mut Vec<T>, place: impl Fn(&T) -> Behind) -> Option<String> {
        if rows.len() <= self.limit {
            return None;
        }
        rows.truncate(self.limit);
        rows.last().map(|last| {
            let Behind(first, second) = place(last);
            format!("{first}-{second}")
        })
    }
}

fn behind(next: &str) -> Option<Behind> {
    let (first, second) = next.split_once('-')?;
    // Numbers in SQL have a sign.
    let number = |text: &str| text.parse::<u64>().ok().filter(|n| i64::try_from(*n).is_ok());
    Some(Behind(number(first)?, number(second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_with_the_place_where_the_next_one_begins() {
        let page = Page { behind: None, limit: 2 };
        let place = |row: &u64| Behind(*row, 7);
        let mut rows = vec![5, 4, 3];
        assert_eq!(page.cut(&mut rows, place).as_deref(), Some("4-7"));
        assert_eq!(rows, [5, 4]);
        assert_eq!(page.cut(&mut rows, place), None);
        assert!(behind("4-7").is_some_and(|Behind(first, second)| (first, second) == (4, 7)));
    }

    #[test]
    fn a_place_that_no_page_gave_is_refused() {
        for next in ["", "4", "-", "4-", "-4--7", "x-7", "9223372036854775808-1", "4-7-9"] {
            assert!(behind(next).is_none(), "{next:?}");
        }
    }
}
