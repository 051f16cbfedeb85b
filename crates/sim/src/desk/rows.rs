//! The store of a simulated desk: its tickets, and what a commit does to them. A commit is one step of the world, as writers
//! take turns.

use std::collections::BTreeMap;

use encke_engine::{ConversationId, PersonId};
use encke_queue::{Free, Turns, Wanted, plan};

use super::variant::DeskVariant;

/// A ticket.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub team: Option<u8>,
    /// Whether it is open; otherwise it is resolved.
    pub is_open: bool,
    pub owner: Option<PersonId>,
    /// The agent that had it last.
    pub before: Option<PersonId>,
    pub passed_by: Option<PersonId>,
    /// Since when the visitor waits for an answer.
    pub waits_since: Option<u64>,
    pub owned_at: u64,
}

impl Row {
    /// Whether somebody waits in the queue for it.
    pub fn is_queued(&self) -> bool {
        self.is_open && self.owner.is_none() && self.waits_since.is_some()
    }
}

/// A write, as a node hands it to the store.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Ask {
        team: Option<u8>,
    },
    Write {
        ticket: ConversationId,
    },
    Claim {
        ticket: ConversationId,
        agent: PersonId,
    },
    /// The second half of a claim that has looked before, which no sound desk has.
    ClaimBlindly {
        ticket: ConversationId,
        agent: PersonId,
    },
    Answer {
        ticket: ConversationId,
        agent: PersonId,
    },
    Resolve {
        ticket: ConversationId,
        agent: PersonId,
    },
    Return {
        ticket: ConversationId,
        agent: PersonId,
    },
    TakeBack {
        owner: PersonId,
        until: Option<u64>,
    },
    Give,
    /// Gifts that were planned before, which no sound desk has.
    GiveBlindly(Vec<(ConversationId, PersonId)>),
}

/// An agent as the store knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Staff {
    pub skills: Vec<u8>,
    pub capacity: u64,
    pub given: u64,
}

/// The rows of a desk.
#[derive(Default)]
pub(super) struct Rows {
    pub tickets: BTreeMap<ConversationId, Row>,
    pub staff: BTreeMap<PersonId, Staff>,
    pub turns: Option<Turns>,
    /// The first promise that a commit has broken.
    pub broken: Option<String>,
    pub gifts: u64,
    pub refused: u64,
    pub taken_back: u64,
}

fn name(team: u8) -> String {
    format!("team {team}")
}

impl Rows {
    /// Commits a write. Returns whether it did what was asked. `is_there` is what the node knows of its agents.
    pub fn commit(
        &mut self,
        act: &Act,
        now: u64,
        variant: DeskVariant,
        is_there: &dyn Fn(PersonId) -> bool,
    ) -> bool {
        let done = match act {
            Act::Ask { team } => self.ask(*team, now),
            Act::Write { ticket } => self.write(*ticket, now, is_there),
            Act::Claim { ticket, agent } => self.claim(*ticket, *agent, now),
            Act::ClaimBlindly { ticket, agent } => self.own(*ticket, *agent, now),
            Act::Answer { ticket, agent } => self.answer(*ticket, *agent, now),
            Act::Resolve { ticket, agent } => self.resolve(*ticket, *agent),
            Act::Return { ticket, agent } => self.give_back(*ticket, *agent),
            Act::TakeBack { owner, until } => self.take_back(*owner, *until),
            Act::GiveBlindly(gifts) => {
                let gifts = gifts.clone();
                gifts.iter().fold(false, |_, (ticket, agent)| self.hand(*ticket, *agent, now))
            }
            Act::Give => true,
        };
        let gives = matches!(act, Act::Ask { .. } | Act::Write { .. })
            || (variant != DeskVariant::GivenOnlyOnce
                && matches!(act, Act::Resolve { .. } | Act::Return { .. } | Act::Give));
        if gives {
            let gifts = self.planned(variant, is_there);
            self.check_order(&gifts);
            for (ticket, agent) in gifts {
                self.hand(ticket, agent, now);
            }
        }
        done
    }

    fn ask(&mut self, team: Option<u8>, now: u64) -> bool {
        let id = ConversationId(self.tickets.len() as u64 + 1);
        let (owner, before, passed_by) = Default::default();
        let (waits_since, owned_at) = (Some(now), 0);
        let row = Row { team, is_open: true, owner, before, passed_by, waits_since, owned_at };
        self.tickets.insert(id, row);
        true
    }

    fn write(&mut self, id: ConversationId, now: u64, is_there: &dyn Fn(PersonId) -> bool) -> bool {
        let Some(row) = self.tickets.get_mut(&id) else { return false };
        row.waits_since.get_or_insert(now);
        if !row.is_open {
            row.is_open = true;
            if row.owner.is_some_and(|owner| !is_there(owner)) {
                row.before = row.owner.take();
            }
        }
        true
    }

    fn claim(&mut self, id: ConversationId, agent: PersonId, now: u64) -> bool {
        let Some(row) = self.tickets.get(&id) else { return false };
        if row.is_open && row.owner.is_some_and(|owner| owner != agent) {
            self.refused += 1;
            return false;
        }
        self.own(id, agent, now)
    }

    /// Makes an agent the owner. An open ticket of another agent must not get here.
    fn own(&mut self, id: ConversationId, agent: PersonId, now: u64) -> bool {
        let Some(row) = self.tickets.get_mut(&id) else { return false };
        if row.is_open
            && let Some(owner) = row.owner.filter(|owner| *owner != agent)
        {
            self.broken.get_or_insert(format!("{id} has two owners, {owner} and {agent}"));
        }
        (row.is_open, row.owner, row.owned_at, row.passed_by) = (true, Some(agent), now, None);
        true
    }

    fn answer(&mut self, id: ConversationId, agent: PersonId, now: u64) -> bool {
        let Some(row) = self.tickets.get_mut(&id) else { return false };
        row.waits_since = None;
        if !row.is_open {
            (row.is_open, row.owner) = (true, None);
        }
        if row.owner.is_none() {
            (row.owner, row.owned_at) = (Some(agent), now);
        }
        true
    }

    fn resolve(&mut self, id: ConversationId, agent: PersonId) -> bool {
        let Some(row) = self.tickets.get_mut(&id) else { return false };
        // An agent resolves what it sees as answered; by now the visitor may have written again.
        if row.owner != Some(agent) || row.waits_since.is_some() {
            return false;
        }
        (row.is_open, row.before) = (false, row.owner);
        true
    }

    fn give_back(&mut self, id: ConversationId, agent: PersonId) -> bool {
        let Some(row) = self.tickets.get_mut(&id) else { return false };
        if row.owner != Some(agent) {
            self.refused += 1;
            return false;
        }
        (row.passed_by, row.before, row.owner) = (row.owner, row.owner, None);
        true
    }

    fn take_back(&mut self, owner: PersonId, until: Option<u64>) -> bool {
        let latest = until.unwrap_or(u64::MAX);
        for row in self.tickets.values_mut() {
            let waits = row.waits_since.map(|since| since.max(row.owned_at));
            if row.is_open && row.owner == Some(owner) && waits.is_some_and(|at| at <= latest) {
                row.passed_by = until.and(row.owner);
                row.before = row.owner.take();
                self.taken_back += 1;
            }
        }
        true
    }

    /// Hands a ticket of the queue to an agent. It looks at the row again.
    fn hand(&mut self, id: ConversationId, agent: PersonId, now: u64) -> bool {
        self.gifts += 1;
        let given = self.staff.values().map(|staff| staff.given).max().unwrap_or_default() + 1;
        if let Some(staff) = self.staff.get_mut(&agent) {
            staff.given = given;
        }
        self.own(id, agent, now)
    }

    /// The gifts that the product's own rule plans now.
    pub fn planned(
        &self,
        variant: DeskVariant,
        is_there: &dyn Fn(PersonId) -> bool,
    ) -> Vec<(ConversationId, PersonId)> {
        let Some(turns) = self.turns else { return Vec::new() };
        let mut queue = self.queue();
        if variant == DeskVariant::NewestFirst {
            queue.reverse();
        }
        plan(turns, &queue, &mut self.free(is_there))
    }

    fn free(&self, is_there: &dyn Fn(PersonId) -> bool) -> Vec<Free> {
        let there = self.staff.iter().filter(|(person, _)| is_there(**person));
        let open = |person: PersonId| {
            let has = |row: &&Row| row.is_open && row.owner == Some(person);
            self.tickets.values().filter(has).count() as u64
        };
        let free = |(person, staff): (&PersonId, &Staff)| Free {
            person: *person,
            open: open(*person),
            capacity: staff.capacity,
            skills: staff.skills.iter().copied().map(name).collect(),
            given: staff.given,
        };
        there.map(free).collect()
    }

    fn queue(&self) -> Vec<Wanted> {
        let mut queued: Vec<_> = self.tickets.iter().filter(|(_, row)| row.is_queued()).collect();
        queued.sort_by_key(|(id, row)| (row.waits_since, **id));
        let wanted = |(id, row): (&ConversationId, &Row)| Wanted {
            ticket: *id,
            team: row.team.map(name),
            before: row.before,
            passed_by: row.passed_by,
        };
        queued.into_iter().map(wanted).collect()
    }

    /// First come, first served: nobody gets a ticket while an older one waits that this agent may have.
    fn check_order(&mut self, gifts: &[(ConversationId, PersonId)]) {
        for (ticket, agent) in gifts {
            let (row, skills) = (&self.tickets[ticket], &self.staff[agent].skills);
            let is_passed_over = |(id, older): &(&ConversationId, &Row)| {
                older.is_queued()
                    && (older.waits_since, **id) < (row.waits_since, *ticket)
                    && older.passed_by != Some(*agent)
                    && older.team.is_none_or(|team| skills.contains(&team))
                    && !gifts.iter().any(|(given, _)| given == *id)
            };
            if let Some((id, _)) = self.tickets.iter().find(is_passed_over) {
                let what = format!("{agent} got {ticket} while {id} waited for longer");
                self.broken.get_or_insert(what);
                return;
            }
        }
    }
}
