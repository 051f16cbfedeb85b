//! What a rule asks of a ticket before it does something.

use std::collections::BTreeMap;

use encke_engine::{Code, Error, desk_limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ticket::{PRIORITY_MAX, Ticket};

/// What a condition looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Subject {
    /// The address of the page that the visitor is on.
    Page,
    /// The title of that page.
    Title,
    /// The language of the visitor: `en` or `zh-CN`.
    Language,
    /// The tags of the ticket.
    Tag,
    /// The team of the ticket; empty without one.
    Team,
    /// Its priority, 0 to 3.
    Priority,
    /// Its state.
    State,
    /// The text of the message. Only `asked`, `wrote` and `answered` have one.
    Text,
    /// Whether the desk is `open` or `closed`.
    Hours,
    /// Whether the visitor has asked before: `yes` or `no`.
    Returning,
    /// What the site says of the visitor; `name` says which attribute.
    Attribute,
    /// The stars of the rating; empty without one.
    Stars,
}

/// How it is compared. Letters count the same in both cases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    /// It is this.
    Is,
    /// It is something else.
    IsNot,
    /// This is in it.
    Contains,
    /// This is not in it.
    ContainsNot,
    /// It is a number that is not less.
    AtLeast,
    /// It is a number that is not greater.
    AtMost,
}

/// A condition of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    of: Subject,
    /// The name of the attribute; empty for all else.
    #[serde(default)]
    name: String,
    is: Comparison,
    value: String,
}

/// What is so at a ticket, when a rule looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub page: String,
    pub title: String,
    pub language: String,
    pub tags: Vec<String>,
    pub team: String,
    pub priority: u8,
    pub state: &'static str,
    /// The text of the message in lower case; `None` if there is none, or if it was recalled.
    pub text: Option<String>,
    pub open: bool,
    pub returning: bool,
    pub attributes: BTreeMap<String, String>,
    pub stars: Option<u8>,
}

impl Facts {
    /// Takes over what a rule may have changed.
    pub fn take_over(&mut self, ticket: &Ticket) {
        self.tags.clone_from(&ticket.tags);
        self.team = ticket.team.clone().unwrap_or_default();
        (self.priority, self.state) = (ticket.priority, ticket.state.text());
        self.stars = ticket.rating;
    }
}

/// Whether all conditions have to hold, or one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Matching {
    /// All of them.
    #[default]
    All,
    /// At least one.
    Any,
}

impl Matching {
    /// Whether conditions hold together. Without any, they do.
    pub fn holds(self, conditions: &[bool]) -> bool {
        match self {
            Matching::All => conditions.iter().all(|holds| *holds),
            Matching::Any => conditions.is_empty() || conditions.iter().any(|holds| *holds),
        }
    }
}

impl Condition {
    /// Whether it asks for the text of a message.
    pub fn needs_text(&self) -> bool {
        self.of == Subject::Text
    }

    /// Refuses a condition that can't be answered.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |what: String| Err(Error::new(Code::Invalid, what));
        let most = desk_limits::RULE_TEXT_BYTES_MAX;
        let is_bad = |text: &str| text.len() > most || text.chars().any(char::is_control);
        if is_bad(&self.name) || is_bad(&self.value) {
            return refused(format!("A condition compares with a line of at most {most} bytes."));
        }
        if (self.of == Subject::Attribute) == self.name.is_empty() {
            return refused("`name` goes with `attribute` alone.".into());
        }
        let one_of = |all: &[&str]| all.contains(&self.value.as_str());
        let (is_known, exact) = match self.of {
            Subject::Language => (one_of(&["en", "zh-CN"]), true),
            Subject::State => (one_of(&["open", "snoozed", "resolved"]), true),
            Subject::Hours => (one_of(&["open", "closed"]), true),
            Subject::Returning => (one_of(&["yes", "no"]), true),
            Subject::Priority => (self.number().is_some_and(|n| n <= PRIORITY_MAX.into()), false),
            Subject::Stars => (self.number().is_some_and(|n| (1..=5).contains(&n)), false),
            _ => (true, false),
        };
        let compares = matches!(self.is, Comparison::AtLeast | Comparison::AtMost);
        let looks_in = matches!(self.is, Comparison::Contains | Comparison::ContainsNot);
        let is_number = matches!(self.of, Subject::Priority | Subject::Stars);
        if !is_known || (exact && (compares || looks_in)) || (is_number && looks_in) {
            return refused("A condition compares with something that can't be so.".into());
        }
        let is_amount = is_number || self.of == Subject::Attribute;
        if compares && (!is_amount || self.number().is_none()) {
            return refused("`at_least` and `at_most` compare numbers.".into());
        }
        if looks_in && self.value.is_empty() {
            return refused("A condition looks for a text.".into());
        }
        Ok(())
    }

    fn number(&self) -> Option<u64> {
        self.value.trim().parse().ok()
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &Facts) -> bool {
        let yes = |is: bool| if is { "yes" } else { "no" };
        let number = |n: Option<u8>| n.map(|n| n.to_string()).unwrap_or_default();
        match self.of {
            Subject::Page => self.compares(&facts.page),
            Subject::Title => self.compares(&facts.title),
            Subject::Language => self.compares(&facts.language),
            Subject::Tag => self.compares_any(&facts.tags),
            Subject::Team => self.compares(&facts.team),
            Subject::Priority => self.compares(&facts.priority.to_string()),
            Subject::State => self.compares(facts.state),
            Subject::Text => facts.text.as_deref().is_some_and(|text| self.compares_lower(text)),
            Subject::Hours => self.compares(if facts.open { "open" } else { "closed" }),
            Subject::Returning => self.compares(yes(facts.returning)),
            Subject::Attribute => {
                self.compares(facts.attributes.get(&self.name).map_or("", String::as_str))
            }
            Subject::Stars => self.compares(&number(facts.stars)),
        }
    }

    fn compares(&self, found: &str) -> bool {
        self.compares_lower(&found.to_lowercase())
    }

    /// The same for a text that is in lower case already: a message is long, and many conditions look at it.
    fn compares_lower(&self, found: &str) -> bool {
        let wanted = self.value.to_lowercase();
        let numbers = || Some((found.trim().parse::<u64>().ok()?, self.number()?));
        match self.is {
            Comparison::Is => found == wanted,
            Comparison::IsNot => found != wanted,
            Comparison::Contains => found.contains(&wanted),
            Comparison::ContainsNot => !found.contains(&wanted),
            Comparison::AtLeast => numbers().is_some_and(|(found, least)| found >= least),
            Comparison::AtMost => numbers().is_some_and(|(found, most)| found <= most),
        }
    }

    /// For several things: one of them has to be so, or none of them has to be what is excluded.
    fn compares_any(&self, found: &[String]) -> bool {
        match self.is {
            Comparison::IsNot | Comparison::ContainsNot => found.iter().all(|f| self.compares(f)),
            _ => found.iter().any(|f| self.compares(f)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(of: Subject, is: Comparison, value: &str) -> Condition {
        Condition { of, name: String::new(), is, value: value.into() }
    }

    #[test]
    fn conditions_hold_for_what_is_so() {
        let facts = Facts {
            page: "https://shop.example/Pricing".into(),
            tags: vec!["vip".into(), "退款".into()],
            priority: 2,
            text: Some("my order is late, 我要退款".into()),
            ..Facts::default()
        };
        use Comparison::*;
        for (of, is, value, holds) in [
            (Subject::Page, Contains, "/pricing", true),
            (Subject::Page, ContainsNot, "/pricing", false),
            (Subject::Tag, Is, "VIP", true),
            (Subject::Tag, IsNot, "vip", false),
            (Subject::Tag, IsNot, "spam", true),
            (Subject::Text, Contains, "order", true),
            (Subject::Text, Contains, "退款", true),
            (Subject::Priority, AtLeast, "2", true),
            (Subject::Priority, AtMost, "1", false),
            (Subject::Team, Is, "", true),
            (Subject::Hours, Is, "closed", true),
            (Subject::Returning, Is, "no", true),
            (Subject::Stars, AtMost, "2", false),
        ] {
            let condition = condition(of, is, value);
            assert_eq!(condition.check(), Ok(()), "{condition:?}");
            assert_eq!(condition.holds(&facts), holds, "{condition:?}");
        }
    }

    #[test]
    fn a_recalled_text_satisfies_no_condition() {
        for is in [Comparison::Contains, Comparison::ContainsNot, Comparison::IsNot] {
            assert!(!condition(Subject::Text, is, "x").holds(&Facts::default()));
        }
    }

    #[test]
    fn conditions_that_can_never_be_answered_are_refused() {
        use Comparison::*;
        for (of, is, value) in [
            (Subject::Hours, Is, "ajar"),
            (Subject::Priority, Is, "9"),
            (Subject::Priority, Contains, "1"),
            (Subject::Language, Contains, "en"),
            (Subject::Page, AtLeast, "3"),
            (Subject::Text, Contains, ""),
            (Subject::Attribute, Is, "pro"),
            (Subject::Text, Contains, "a\u{0}b"),
        ] {
            assert!(condition(of, is, value).check().is_err(), "{of:?} {is:?} {value:?}");
        }
        assert!(condition(Subject::Text, Contains, &"x".repeat(201)).check().is_err());
    }

    #[test]
    fn without_conditions_a_rule_holds_either_way() {
        assert!(Matching::All.holds(&[]) && Matching::Any.holds(&[]));
        assert!(!Matching::All.holds(&[true, false]) && Matching::Any.holds(&[true, false]));
    }
}
