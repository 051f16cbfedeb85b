//! What a desk says before anybody asks: greetings on some pages after some time, and buttons with questions that many have.

use encke_engine::{Code, Error, desk_limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::settings::DeskText;

/// A greeting that appears beside the button, once for each visitor, on some pages and after some time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Greeting {
    /// The pages, by what stands behind the site's name in their address; `*` is for any letters: `/cart*`. Empty for all.
    #[serde(default)]
    #[schema(required)]
    pub page: String,
    /// Seconds on the page after which it appears.
    #[serde(default)]
    #[schema(required)]
    pub after_s: u64,
    /// What it says.
    pub text: DeskText,
}

/// A question that many have, as a button, and what answers it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommonQuestion {
    /// The question, one line.
    pub question: DeskText,
    /// The answer, in Markdown; empty if an article answers it.
    #[serde(default)]
    #[schema(required)]
    pub answer: DeskText,
    /// The number of the published article that answers it; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<u64>,
}

fn refused(what: impl Into<String>) -> Result<(), Error> {
    Err(Error::new(Code::Invalid, what))
}

/// Refuses greetings that could not appear.
pub(crate) fn check_greetings(greetings: &[Greeting]) -> Result<(), Error> {
    let most = desk_limits::DESK_GREETINGS_MAX;
    if greetings.len() > most {
        return refused(format!("A desk has at most {most} greetings."));
    }
    for Greeting { page, after_s, text } in greetings {
        if page.len() > desk_limits::GREETING_PAGE_BYTES_MAX || page.chars().any(char::is_control) {
            return refused("The pages of a greeting are one line, such as `/cart*`.");
        }
        if *after_s > desk_limits::GREETING_AFTER_S_MAX {
            let most = desk_limits::GREETING_AFTER_S_MAX;
            return refused(format!("A greeting appears after at most {most} seconds."));
        }
        check_said(text, "A greeting")?;
    }
    Ok(())
}

/// Refuses questions without an answer.
pub(crate) fn check_questions(questions: &[CommonQuestion]) -> Result<(), Error> {
    let most = desk_limits::DESK_COMMON_QUESTIONS_MAX;
    if questions.len() > most {
        return refused(format!("A desk has at most {most} common questions."));
    }
    for CommonQuestion { question, answer, article } in questions {
        check_said(question, "A common question")?;
        if [&question.en, &question.zh].iter().any(|text| text.contains('\n')) {
            return refused("A common question is one line.");
        }
        match article {
            Some(_) => answer.check()?,
            None => check_said(answer, "The answer to a common question")?,
        }
    }
    Ok(())
}

fn check_said(text: &DeskText, what: &str) -> Result<(), Error> {
    if text.en.trim().is_empty() && text.zh.trim().is_empty() {
        return refused(format!("{what} needs a text."));
    }
    text.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_questions_say_something_and_have_bounds() {
        let text = |en: &str| DeskText { en: en.into(), zh: String::new() };
        let greeting = Greeting { page: "/cart*".into(), after_s: 5, text: text("Hi") };
        assert_eq!(check_greetings(std::slice::from_ref(&greeting)), Ok(()));
        let wrong = [
            vec![greeting.clone(); desk_limits::DESK_GREETINGS_MAX + 1],
            vec![Greeting { page: "a\nb".into(), ..greeting.clone() }],
            vec![Greeting { after_s: u64::MAX, ..greeting.clone() }],
            vec![Greeting { text: text(" "), ..greeting }],
        ];
        for greetings in wrong {
            assert!(check_greetings(&greetings).is_err(), "{greetings:?}");
        }
        let asked = CommonQuestion { question: text("How?"), answer: text("So."), article: None };
        let by_article = CommonQuestion { answer: text(""), article: Some(1), ..asked.clone() };
        assert_eq!(check_questions(&[asked.clone(), by_article]), Ok(()));
        let wrong = [
            CommonQuestion { answer: text(""), ..asked.clone() },
            CommonQuestion { question: text("a\nb"), ..asked },
        ];
        for question in wrong {
            assert!(check_questions(std::slice::from_ref(&question)).is_err(), "{question:?}");
        }
    }
}
