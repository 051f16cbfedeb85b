//! Which agent gets which ticket: the rule alone, without a store or a clock.
//!
//! First come, first served: the tickets are looked at in the order of the queue, and each gets the best agent that may have
//! it. A ticket that nobody there may have stays, and those behind it don't wait for it.

use encke_engine::{ConversationId, PersonId};

/// Whose turn it is among the agents that may have a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turns {
    /// The one that was given a ticket longest ago.
    RoundRobin,
    /// The one with the fewest open tickets.
    LeastBusy,
}

/// An agent that is there.
#[derive(Clone, Debug)]
pub struct Free {
    /// The agent.
    pub person: PersonId,
    /// Open tickets that it has.
    pub open: u64,
    /// Open tickets that it is given at most.
    pub capacity: u64,
    /// The teams that it belongs to.
    pub skills: Vec<String>,
    /// When it was given a ticket last, by any clock that never goes back.
    pub given: u64,
}

impl Free {
    /// Whether it may be given this ticket.
    pub fn may_have(&self, wanted: &Wanted) -> bool {
        let is_of_team = wanted.team.as_ref().is_none_or(|team| self.skills.contains(team));
        self.open < self.capacity && is_of_team && wanted.passed_by != Some(self.person)
    }
}

/// A ticket in the queue.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The ticket.
    pub ticket: ConversationId,
    /// The team that it is for; `None` if it is for all.
    pub team: Option<String>,
    /// The agent that the visitor spoke to before.
    pub before: Option<PersonId>,
    /// The agent that gave it back or did not answer in time.
    pub passed_by: Option<PersonId>,
}

/// Gives tickets, in the order of the queue, to agents that are there.
pub fn plan(how: Turns, queue: &[Wanted], agents: &mut [Free]) -> Vec<(ConversationId, PersonId)> {
    let mut given = Vec::new();
    let mut turn = agents.iter().map(|agent| agent.given).max().unwrap_or_default();
    for wanted in queue {
        let Some(agent) = best(how, wanted, agents) else { continue };
        turn += 1;
        (agent.open, agent.given) = (agent.open + 1, turn);
        given.push((wanted.ticket, agent.person));
    }
    given
}

fn best<'a>(how: Turns, wanted: &Wanted, agents: &'a mut [Free]) -> Option<&'a mut Free> {
    let may = agents.iter_mut().filter(|agent| agent.may_have(wanted));
    may.min_by_key(|agent| {
        let is_other = wanted.before != Some(agent.person);
        let busy = if how == Turns::LeastBusy { agent.open } else { 0 };
        (is_other, busy, agent.given, agent.person)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn team(number: u8) -> String {
        format!("team {number}")
    }

    fn agents() -> impl Strategy<Value = Vec<Free>> {
        let agent = (0u64..4, 0u64..4, prop::collection::vec(0u8..3, 0..3), 0u64..50);
        prop::collection::vec(agent, 0..6).prop_map(|all| {
            let agent =
                |(number, (open, capacity, skills, given)): (usize, (u64, u64, Vec<u8>, u64))| {
                    Free {
                        person: PersonId(number as u64 + 1),
                        open,
                        capacity,
                        skills: skills.into_iter().map(team).collect(),
                        given,
                    }
                };
            all.into_iter().enumerate().map(agent).collect()
        })
    }

    fn queue() -> impl Strategy<Value = Vec<Wanted>> {
        let agent = || prop::option::of(1u64..7);
        let wanted = (prop::option::of(0u8..3), agent(), agent());
        prop::collection::vec(wanted, 0..20).prop_map(|all| {
            let wanted =
                |(number, (of, before, passed)): (usize, (Option<u8>, _, Option<u64>))| Wanted {
                    ticket: ConversationId(number as u64 + 1),
                    team: of.map(team),
                    before: Option::<u64>::map(before, PersonId),
                    passed_by: passed.map(PersonId),
                };
            all.into_iter().enumerate().map(wanted).collect()
        })
    }

    fn automatic() -> impl Strategy<Value = Turns> {
        prop_oneof![Just(Turns::RoundRobin), Just(Turns::LeastBusy)]
    }

    proptest! {
        #[test]
        fn a_ticket_has_one_owner_and_an_agent_no_more_than_it_can_take(
            how in automatic(), queue in queue(), agents in agents(),
        ) {
            let given = plan(how, &queue, &mut agents.clone());
            let mut owners = BTreeMap::new();
            let mut more: BTreeMap<PersonId, u64> = BTreeMap::new();
            for (ticket, person) in &given {
                prop_assert!(owners.insert(*ticket, *person).is_none(), "two owners");
                *more.entry(*person).or_default() += 1;
                let agent = agents.iter().find(|a| a.person == *person).unwrap();
                let wanted = queue.iter().find(|w| w.ticket == *ticket).unwrap();
                prop_assert!(wanted.team.as_ref().is_none_or(|t| agent.skills.contains(t)));
                prop_assert!(wanted.passed_by != Some(*person));
            }
            for agent in &agents {
                let more = more.get(&agent.person).copied().unwrap_or_default();
                prop_assert!(more == 0 || agent.open + more <= agent.capacity);
            }
        }

        #[test]
        fn nobody_is_forgotten_while_an_agent_is_free_for_it(
            how in automatic(), queue in queue(), agents in agents(),
        ) {
            let mut after = agents.clone();
            let given = plan(how, &queue, &mut after);
            for wanted in &queue {
                if !given.iter().any(|(ticket, _)| *ticket == wanted.ticket) {
                    prop_assert!(!after.iter().any(|agent| agent.may_have(wanted)));
                }
            }
        }

        #[test]
        fn first_come_is_first_served(how in automatic(), queue in queue(), agents in agents()) {
            let given = plan(how, &queue, &mut agents.clone());
            let order: Vec<_> = given.iter().map(|(ticket, _)| *ticket).collect();
            prop_assert!(order.is_sorted(), "in the order of the queue");
            // What was given to the first ones does not depend on who comes behind them.
            for length in 0..queue.len() {
                let fewer = plan(how, &queue[..length], &mut agents.clone());
                prop_assert_eq!(&given[..fewer.len()], &fewer[..]);
            }
        }

        #[test]
        fn a_free_agent_of_the_visitors_own_gets_it_again(how in automatic(), queue in queue(), agents in agents()) {
            let Some(first) = queue.first() else { return Ok(()) };
            let own = agents.iter().find(|agent| Some(agent.person) == first.before);
            if own.is_some_and(|agent| agent.may_have(first)) {
                let given = plan(how, &queue, &mut agents.clone());
                prop_assert_eq!(Some(given[0].1), first.before);
            }
        }
    }

    #[test]
    fn turns_go_round_and_the_least_busy_comes_first() {
        let free = |person, open, given| Free {
            person: PersonId(person),
            open,
            capacity: 9,
            skills: Vec::new(),
            given,
        };
        let queue: Vec<_> = (1..=4)
            .map(|n| Wanted {
                ticket: ConversationId(n),
                team: None,
                before: None,
                passed_by: None,
            })
            .collect();
        let whom = |how| -> Vec<u64> {
            let mut agents = [free(1, 3, 30), free(2, 0, 20), free(3, 1, 10)];
            plan(how, &queue, &mut agents).into_iter().map(|(_, person)| person.0).collect()
        };
        assert_eq!(whom(Turns::RoundRobin), [3, 2, 1, 3]);
        assert_eq!(whom(Turns::LeastBusy), [2, 3, 2, 3]);
    }
}
