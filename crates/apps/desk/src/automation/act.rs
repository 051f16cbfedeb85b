//! What rules and macros do to a ticket.

use encke_account::people;
use encke_engine::{Code, Error, PersonId, Seq, StreamId, desk_limits};
use encke_site::{EventBody, Site, event};
use encke_store::{Sql, Tx, params};
use encke_talk::message::say;
use encke_talk::ticket::take_part;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::voice;
use crate::agent::check_staff;
use crate::change::{resolve, snooze};
use crate::claim::{head, own, release};
use crate::desk::DeskRow;
use crate::note;
use crate::settings::{DeskText, is_short_name};
use crate::ticket::{self, PRIORITY_MAX, Speaker, Ticket, TicketState};
use crate::visitor::VisitorRow;

/// What a rule or a macro does to a ticket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Act {
    /// Adds a tag.
    Tag { tag: String },
    /// Takes a tag away.
    Untag { tag: String },
    /// Sets how urgent it is: 0 to 3.
    Priority {
        #[schema(maximum = 3)]
        priority: u8,
    },
    /// Hands it to a team. It waits in the queue for one of it.
    Team { team: String },
    /// Gives it to an agent. A macro without a person gives it to whoever runs it.
    Assign {
        #[schema(value_type = Option<String>)]
        person: Option<PersonId>,
    },
    /// Resolves it.
    Resolve,
    /// Puts it off for a time.
    Snooze { seconds: u64 },
    /// Answers: a rule as the desk, a macro as the agent. `{{visitor}}`, `{{agent}}` and `{{desk}}` stand for names.
    Answer { text: DeskText },
    /// Answers with a canned reply of the desk.
    Canned { id: u64 },
    /// Writes a note for the staff.
    Note { text: String },
    /// Calls the owners and supervisors of the desk.
    Alert,
}

/// Why an act was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Undone {
    /// A person answers this visitor, so the desk's own voice does not.
    PersonSpeaks,
    /// What it names is there no longer.
    Gone,
    /// The ticket has as many tags as a ticket may have.
    Full,
    /// The ticket was changed so that it makes no sense any more.
    Late,
    /// The message was refused, for instance because it is too long with the names in it.
    Refused,
}

/// Who does it.
pub(crate) enum Doer<'a> {
    /// A rule with this name.
    Rule(&'a str),
    /// An agent by a macro.
    Agent(PersonId),
}

impl Doer<'_> {
    fn person(&self) -> Option<PersonId> {
        match self {
            Doer::Rule(_) => None,
            Doer::Agent(person) => Some(*person),
        }
    }
}

/// A rule calls those who lead a desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeskAlert {
    /// The ticket that it is about.
    #[schema(value_type = String)]
    ticket: encke_engine::ConversationId,
    /// The name of the rule.
    rule: String,
}

impl EventBody for DeskAlert {
    const KIND: &'static str = "desk_alert";
}

fn invalid<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(Code::Invalid, what))
}

/// Refuses acts that can't be done, and too many of them.
pub(crate) fn check(acts: &[Act]) -> Result<(), Error> {
    let most = desk_limits::RULE_ACTS_MAX;
    if acts.is_empty() || acts.len() > most {
        return invalid(format!("There are 1 to {most} acts."));
    }
    acts.iter().try_for_each(Act::check)
}

impl Act {
    fn check(&self) -> Result<(), Error> {
        match self {
            Act::Tag { tag: name } | Act::Untag { tag: name } | Act::Team { team: name }
                if !is_short_name(name) =>
            {
                return invalid("A tag or a team is a short name of one line, without commas.");
            }
            Act::Priority { priority } if *priority > PRIORITY_MAX => {
                return invalid("`priority` is a number from 0 to 3.");
            }
            Act::Snooze { seconds } => {
                let most = desk_limits::RULE_AFTER_S_MAX;
                if !(1..=most).contains(seconds) {
                    return invalid(format!("A ticket is put off for 1 to {most} seconds."));
                }
            }
            Act::Answer { text } => {
                text.check()?;
                if text.in_language("en").trim().is_empty() {
                    return invalid("An answer needs a text.");
                }
            }
            Act::Note { text } => {
                note::check(text)?;
                if text.contains('\0') {
                    return invalid("A note has no zero bytes.");
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Its kind, as the API names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Act::Tag { .. } => "tag",
            Act::Untag { .. } => "untag",
            Act::Priority { .. } => "priority",
            Act::Team { .. } => "team",
            Act::Assign { .. } => "assign",
            Act::Resolve => "resolve",
            Act::Snooze { .. } => "snooze",
            Act::Answer { .. } => "answer",
            Act::Canned { .. } => "canned",
            Act::Note { .. } => "note",
            Act::Alert => "alert",
        }
    }

    /// Whether it needs a rule: a macro has nobody to call.
    pub fn is_for_rules(&self) -> bool {
        matches!(self, Act::Alert)
    }

    /// Refuses an act that names somebody who is no staff.
    pub fn check_people(
        &self,
        tx: &mut Tx<'_>,
        house: encke_engine::ConversationId,
        has_agent: bool,
    ) -> Result<(), Error> {
        match self {
            Act::Assign { person: Some(person) } => check_staff(tx, house, *person),
            Act::Assign { person: None } if !has_agent => invalid("`assign` needs a person."),
            Act::Canned { id } => match canned(tx, house, *id)? {
                Some(_) => Ok(()),
                None => Err(Error::new(Code::NotFound, "There is no such reply of the desk.")),
            },
            _ => Ok(()),
        }
    }
}

/// Whether a message was refused for what it is, and not because the store is away.
fn is_refusal(error: &Error) -> bool {
    use Code::{Blocked, Conflict, Invalid, Muted, NotMember, ReadOnly, TooLarge};
    matches!(error.code, Blocked | Conflict | Invalid | Muted | NotMember | ReadOnly | TooLarge)
}

/// A canned reply of a desk or a team, by its number.
fn canned(
    sql: &mut impl Sql,
    house: encke_engine::ConversationId,
    id: u64,
) -> Result<Option<String>, Error> {
    let Ok(id) = i64::try_from(id) else { return Ok(None) };
    let query = "SELECT answer FROM desk_canned WHERE house = ?1 AND number = ?2 AND person = 0";
    let row = sql.query_one(query, params![house, id as u64])?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// A ticket while acts change it. What is only in memory is stored before something is said, and at the end.
pub(crate) struct Worked<'a, 'd> {
    site: &'a Site,
    desk: &'a DeskRow,
    doer: Doer<'d>,
    before: Ticket,
    pub after: Ticket,
}

impl<'a, 'd> Worked<'a, 'd> {
    pub fn new(site: &'a Site, desk: &'a DeskRow, doer: Doer<'d>, ticket: Ticket) -> Self {
        Worked { site, desk, doer, before: ticket.clone(), after: ticket }
    }

    /// Stores what was changed so far.
    pub fn store(&mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let after = self.after.clone();
        self.after = match &self.doer {
            Doer::Rule(_) => ticket::change_quietly(tx, self.site, &self.before, after, None)?,
            Doer::Agent(agent) => ticket::change(tx, self.site, &self.before, after, Some(*agent))?,
        };
        self.before = self.after.clone();
        Ok(())
    }

    /// Carries one act out, or says why not.
    pub fn carry_out(&mut self, tx: &mut Tx<'_>, act: &Act) -> Result<Option<Undone>, Error> {
        match act {
            Act::Tag { tag } => {
                if !self.after.tags.contains(tag) {
                    if self.after.tags.len() >= desk_limits::TICKET_TAGS_MAX {
                        return Ok(Some(Undone::Full));
                    }
                    self.after.tags.push(tag.clone());
                    self.after.tags.sort();
                }
            }
            Act::Untag { tag } => self.after.tags.retain(|each| each != tag),
            Act::Priority { priority } => self.after.priority = *priority,
            Act::Team { team } => {
                self.after.team = Some(team.clone());
                release(tx, &mut self.after)?;
            }
            Act::Assign { person } => return self.assign(tx, *person),
            Act::Resolve => resolve(tx, &mut self.after)?,
            Act::Snooze { seconds } => {
                if self.after.state == TicketState::Resolved {
                    return Ok(Some(Undone::Late));
                }
                let until = tx.now_ms() + seconds * 1_000;
                snooze(tx, &mut self.after, Some(until));
            }
            Act::Answer { text } => {
                let language = self.visitor(tx)?.map(|v| v.language).unwrap_or_default();
                let text = text.in_language(&language).to_owned();
                return self.answer(tx, &text);
            }
            Act::Canned { id } => match canned(tx, self.desk.house, *id)? {
                Some(text) => return self.answer(tx, &text),
                None => return Ok(Some(Undone::Gone)),
            },
            Act::Note { text } => {
                let from = match self.doer.person() {
                    Some(person) => person,
                    None => voice::of(tx, self.desk)?,
                };
                let text = self.filled_in(tx, text)?;
                note::append(tx, self.after.id, from, text, Vec::new(), None)?;
            }
            Act::Alert => {
                let Doer::Rule(rule) = self.doer else { return Ok(Some(Undone::Gone)) };
                let body = DeskAlert { ticket: self.after.id, rule: rule.to_owned() };
                tx.append(event(StreamId::amendments(self.desk.house), None, &body))?;
            }
        }
        Ok(None)
    }

    fn assign(
        &mut self,
        tx: &mut Tx<'_>,
        person: Option<PersonId>,
    ) -> Result<Option<Undone>, Error> {
        let Some(person) = person.or(self.doer.person()) else { return Ok(Some(Undone::Gone)) };
        match check_staff(tx, self.desk.house, person) {
            Err(e) if e.code == Code::NotFound => return Ok(Some(Undone::Gone)),
            is_staff => is_staff?,
        }
        if self.after.owner != Some(person) {
            release(tx, &mut self.after)?;
            let newest = head(tx, self.after.id)?;
            own(tx, &mut self.after, person, Seq(newest.0.saturating_sub(1)))?;
        }
        Ok(None)
    }

    fn answer(&mut self, tx: &mut Tx<'_>, text: &str) -> Result<Option<Undone>, Error> {
        self.store(tx)?;
        let id = self.after.id;
        let from = match self.doer.person() {
            Some(person) => person,
            None if self.after.speaker == Speaker::Person => {
                return Ok(Some(Undone::PersonSpeaks));
            }
            None => {
                let person = voice::of(tx, self.desk)?;
                let newest = head(tx, id)?;
                take_part(tx, id, person, newest)?;
                person
            }
        };
        let text = self.filled_in(tx, text)?;
        match (say(tx, self.site, from, id, &text), &self.doer) {
            // What is refused leaves nothing behind, and must not undo what else the rules say.
            (Err(e), Doer::Rule(_)) if is_refusal(&e) => return Ok(Some(Undone::Refused)),
            (said, _) => drop(said?),
        }
        if let Some(said) = ticket::find(tx, id)? {
            (self.before, self.after) = (said.clone(), said);
        }
        Ok(None)
    }

    fn visitor(&self, sql: &mut impl Sql) -> Result<Option<VisitorRow>, Error> {
        Ok(VisitorRow::find(sql, self.after.visitor)?)
    }

    /// A text with names in place of what stands for them.
    fn filled_in(&self, sql: &mut impl Sql, text: &str) -> Result<String, Error> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let agent = self.doer.person().or(self.after.owner);
        let visitor = self.after.visitor;
        let named = people(sql, self.site, PersonId::NOBODY, &[visitor, agent.unwrap_or(visitor)])?;
        let name = |id: PersonId| {
            let found = named.iter().find(|person| person.id == id);
            found.map_or(String::new(), |person| person.display_name.clone())
        };
        let agent = agent.map_or_else(|| self.desk.name.clone(), name);
        Ok(text
            .replace("{{agent}}", &agent)
            .replace("{{desk}}", &self.desk.name)
            .replace("{{visitor}}", &name(visitor)))
    }
}
