//! The settings of a desk: what visitors are shown, and how their tickets find an agent.

use encke_engine::{Code, Error, desk_limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::greeting::{CommonQuestion, Greeting, check_greetings, check_questions};
use crate::hours::Hours;

/// A text in the languages of the widget; empty without one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeskText {
    /// In English.
    pub en: String,
    /// In simplified Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: String,
}

/// How a ticket finds its agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Assignment {
    /// Agents take tickets themselves.
    #[default]
    Manual,
    /// The agent that got none for the longest time.
    RoundRobin,
    /// The agent with the fewest open tickets.
    LeastBusy,
}

/// A kind of a field in the form before the first question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FieldKind {
    /// One line.
    Text,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// One of the choices of the field.
    Choice,
}

/// A field of the form before the first question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormField {
    /// Its name in the ticket: letters, digits, dashes and underscores.
    pub name: String,
    /// The kind of what is asked for.
    pub kind: FieldKind,
    /// What the visitor reads beside it.
    pub label: DeskText,
    /// Whether a question without it is refused.
    #[serde(default)]
    pub required: bool,
    /// Of a choice: what it can be, 2 to 20 texts. Fields of other kinds have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub choices: Vec<DeskText>,
}

/// The side of the page on which the window opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// On the right.
    #[default]
    Right,
    /// On the left.
    Left,
}

/// How the window looks.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeskTheme {
    /// The accent colour as `#rrggbb`; empty for that of the widget itself.
    pub color: String,
    /// The side of the page.
    pub side: Side,
}

/// The settings of a desk. Fields that are left out are as in a new desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeskSettings {
    /// What a visitor reads first.
    pub greeting: DeskText,
    /// What a visitor reads while the desk is closed.
    pub offline: DeskText,
    /// How a ticket finds its agent.
    pub assignment: Assignment,
    /// Open tickets that an agent is given, unless its own number says otherwise.
    pub capacity: u64,
    /// Seconds after which a ticket whose owner does not answer goes back to the queue; 0 for never.
    pub answer_within_s: u64,
    /// The office hours; null if the desk is open whenever an agent is there.
    #[schema(required)]
    pub hours: Option<Hours>,
    /// The form before the first question; empty for none.
    pub form: Vec<FormField>,
    /// How the window looks.
    pub theme: DeskTheme,
    /// Whether agents see what a visitor is typing. The visitor is told so.
    pub draft_preview: bool,
    /// Whether the window asks for consent before it stores or sends anything.
    pub consent: bool,
    /// The web sites that may embed the window, as `https://www.example.com`; empty for all.
    pub origins: Vec<String>,
    /// Whether the desk takes questions of those visitors alone whose site has signed who they are.
    pub verified_only: bool,
    /// What appears beside the button on some pages; of several that fit, the first.
    pub greetings: Vec<Greeting>,
    /// Questions that many have, as buttons before the first message.
    pub questions: Vec<CommonQuestion>,
}

impl Default for DeskSettings {
    fn default() -> Self {
        DeskSettings {
            greeting: DeskText::default(),
            offline: DeskText::default(),
            assignment: Assignment::Manual,
            capacity: 4,
            answer_within_s: 0,
            hours: None,
            form: Vec::new(),
            theme: DeskTheme::default(),
            draft_preview: false,
            consent: false,
            origins: Vec::new(),
            verified_only: false,
            greetings: Vec::new(),
            questions: Vec::new(),
        }
    }
}

fn refused<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(Code::Invalid, what))
}

impl DeskText {
    /// The text in a language, or in the other one if there is none.
    pub fn in_language(&self, language: &str) -> &str {
        match (language, self.en.trim().is_empty(), self.zh.trim().is_empty()) {
            ("zh-CN", _, false) | (_, true, _) => &self.zh,
            _ => &self.en,
        }
    }

    /// Whether this is the text in either language.
    fn is_called(&self, text: &str) -> bool {
        let text = text.trim();
        !text.is_empty() && (self.en.trim() == text || self.zh.trim() == text)
    }

    /// Refuses a text that is too long, or has control characters.
    pub fn check(&self) -> Result<(), Error> {
        let most = desk_limits::DESK_TEXT_CHARS_MAX;
        let is_bad = |text: &String| {
            text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n')
        };
        if [&self.en, &self.zh].into_iter().any(is_bad) {
            return refused(format!("A text of a desk has at most {most} characters."));
        }
        Ok(())
    }
}

/// Whether a text is a short name of one line: a tag, a skill, a team, the name of a field.
pub(crate) fn is_short_name(text: &str) -> bool {
    (1..=desk_limits::TICKET_TAG_BYTES_MAX).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || c == ',')
}

impl FormField {
    fn check(&self) -> Result<(), Error> {
        let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !is_short_name(&self.name) || !self.name.bytes().all(is_of_name) {
            return refused("The name of a field has letters, digits, dashes and underscores.");
        }
        self.check_choices()?;
        self.label.check()
    }

    /// Refuses choices that can't be told from each other, and too few or too many of them.
    fn check_choices(&self) -> Result<(), Error> {
        let is_choice = self.kind == FieldKind::Choice;
        let range = desk_limits::DESK_FIELD_CHOICES;
        if self.choices.is_empty() && !is_choice {
            return Ok(());
        }
        if !is_choice || !range.contains(&self.choices.len()) {
            let (least, most) = (range.start(), range.end());
            return refused(format!(
                "A field of the kind `choice` has {least} to {most} `choices`, others have none."
            ));
        }
        let most = desk_limits::DESK_CHOICE_BYTES_MAX;
        let is_bad = |text: &str| text.len() > most || text.chars().any(char::is_control);
        for (at, choice) in self.choices.iter().enumerate() {
            if is_bad(&choice.en)
                || is_bad(&choice.zh)
                || choice.in_language("en").trim().is_empty()
            {
                return refused(format!("A choice is a line of at most {most} bytes."));
            }
            let is_same = |other: &DeskText| {
                ["en", "zh-CN"].iter().any(|language| other.is_called(choice.in_language(language)))
            };
            if self.choices[..at].iter().any(is_same) {
                return refused("Each choice of a field has a text of its own.");
            }
        }
        Ok(())
    }

    /// The choice that a visitor has taken, by its text in either language, as the staff reads it: the first one that it has.
    pub fn chosen(&self, text: &str) -> Option<&str> {
        let found = self.choices.iter().find(|choice| choice.is_called(text));
        found.map(|choice| choice.in_language("en").trim())
    }
}

impl DeskTheme {
    fn check(&self) -> Result<(), Error> {
        let digits = self.color.strip_prefix('#');
        let is_color =
            digits.is_some_and(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_color || self.color.is_empty() {
            return Ok(());
        }
        refused("`color` is a colour as #1f6feb.")
    }
}

/// Whether a text is the origin of a page, as a browser names it.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_of_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
    host.is_some_and(|h| (1..=260).contains(&h.len()) && h.bytes().all(is_of_host))
}

impl DeskSettings {
    /// Refuses settings with a value that they can't have.
    pub fn check(&self) -> Result<(), Error> {
        self.greeting.check()?;
        self.offline.check()?;
        self.theme.check()?;
        check_greetings(&self.greetings)?;
        check_questions(&self.questions)?;
        if !(1..=desk_limits::AGENT_CAPACITY_MAX).contains(&self.capacity) {
            let most = desk_limits::AGENT_CAPACITY_MAX;
            return refused(format!("`capacity` is a number from 1 to {most}."));
        }
        if self.answer_within_s > 24 * 60 * 60 {
            return refused("`answer_within_s` is at most a day.");
        }
        if let Some(hours) = &self.hours {
            hours.check()?;
        }
        let most = desk_limits::DESK_FORM_FIELDS_MAX;
        if self.form.len() > most {
            return refused(format!("A form has at most {most} fields."));
        }
        for (at, field) in self.form.iter().enumerate() {
            field.check()?;
            if self.form[..at].iter().any(|other| other.name == field.name) {
                return refused("Each field of a form has a name of its own.");
            }
        }
        let most = desk_limits::DESK_ORIGINS_MAX;
        if self.origins.len() > most || !self.origins.iter().all(|o| is_origin(o)) {
            return refused(format!("`origins` are at most {most}, as https://www.example.com."));
        }
        Ok(())
    }

    /// The settings as they are stored. They have passed [`DeskSettings::check`].
    pub fn stored(&self) -> Result<String, Error> {
        let text = serde_json::to_string(self).expect("settings are plain data");
        if text.len() > desk_limits::DESK_SETTINGS_BYTES_MAX {
            let what = "These are more settings than a desk may have.";
            return Err(Error::new(Code::TooLarge, what));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_left_out_are_those_of_a_new_desk() {
        let read: DeskSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(read, DeskSettings::default());
        assert_eq!(read.check(), Ok(()));
    }

    #[test]
    fn what_would_reach_a_page_as_something_else_is_refused() {
        let mut wrong = Vec::new();
        for color in ["red", "#12345", "#12345g", "#123456;}", "url(x)"] {
            let theme = DeskTheme { color: color.into(), side: Side::Right };
            wrong.push(DeskSettings { theme, ..DeskSettings::default() });
        }
        for origin in
            ["*", "https://", "javascript:alert(1)", "https://a.b/c", "https://a b", "'self'"]
        {
            wrong.push(DeskSettings { origins: vec![origin.into()], ..DeskSettings::default() });
        }
        for settings in wrong {
            assert!(settings.check().is_err(), "{settings:?}");
        }
    }
}
