//! The printed figures and verdict.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::check::{Evidence, check};
use crate::journal::{Outcome, Writing};

/// Violations that are printed.
const SHOWN_MAX: usize = 40;

/// The results of a trial.
#[derive(Default)]
pub struct Brought {
    pub evidence: Evidence,
    pub writings: Vec<Writing>,
    /// Faults on the way.
    pub faults: Vec<String>,
}

/// The verdict on a whole trial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    Good,
    /// A promise was broken.
    Broken,
    /// A promise was broken, and acknowledged messages are lost.
    Lost,
}

impl Judgement {
    /// The status with which the process ends.
    pub fn status(self) -> i32 {
        match self {
            Judgement::Good => 0,
            Judgement::Broken => 1,
            Judgement::Lost => 3,
        }
    }
}

impl Brought {
    /// Prints the figures and the faults.
    pub fn print(&self) -> Judgement {
        let verdict = check(&self.evidence);
        let evidence = &self.evidence;
        let of = |wanted: fn(&Outcome) -> bool| {
            evidence.sends.iter().filter(|send| wanted(&send.outcome)).count()
        };
        let ok = of(|o| matches!(o, Outcome::Ok(_)));
        let planned = of(|o| *o == Outcome::Planned);
        let (unknown, failed) = (of(|o| *o == Outcome::Unknown), of(|o| *o == Outcome::Failed));
        let retried: u64 = self.writings.iter().map(|w| w.retried).sum();
        let stored: u64 = self.writings.iter().map(|w| w.retried_stored).sum();
        let repeated: u64 = self.writings.iter().map(|w| w.repeated).sum();
        let seen: usize = evidence.all_readings().map(|r| r.seen.len()).sum();
        println!(
            "sends            {ok} ok ({retried} after a try without an answer, of which {stored} had stored it), {unknown} unknown \
            ({} of them stored), {failed} failed",
            verdict.unknown_stored
        );
        if planned > 0 {
            println!("planned          {planned} to be sent later, each of them once");
        }
        if !evidence.recalls.is_empty() {
            let answered = evidence.recalls.iter().filter(|recall| recall.acknowledged).count();
            println!("recalled         {answered} messages, gone from histories, feeds and files");
        }
        println!("repeated keys    {repeated} got the first answer, or 409 with another text");
        println!(
            "observations     {seen} by {} readers, of {} events",
            evidence.all_readings().count(),
            verdict.events
        );
        println!("connections      {}", counts(evidence.all_readings().map(|r| &r.connects)));
        println!("byes             {}", counts(evidence.all_readings().map(|r| &r.byes)));
        println!("refused readers  {}", counts(evidence.all_readings().map(|r| &r.refused)));
        println!("refused sends    {}", counts(self.writings.iter().map(|w| &w.refused)));

        let mut wrong = self.faults.clone();
        let of_writers = self.writings.iter().flat_map(|w| &w.faults);
        wrong.extend(of_writers.map(|fault| format!("a writer: {fault}")));
        for reading in evidence.all_readings() {
            wrong.extend(reading.faults.iter().map(|fault| format!("{}: {fault}", reading.name)));
        }
        wrong.extend(verdict.violations);
        show(&wrong);
        match verdict.lost {
            0 if wrong.is_empty() && ok > 0 => {
                println!("nothing lost, nothing doubled, nothing out of order");
                Judgement::Good
            }
            0 => {
                println!("FAILED");
                Judgement::Broken
            }
            lost => {
                println!("FAILED: {lost} acknowledged messages are lost");
                Judgement::Lost
            }
        }
    }
}

/// Prints the faults, each line once.
fn show(wrong: &[String]) {
    let mut counted: Vec<(&String, u64)> = Vec::new();
    for line in wrong {
        if let Some((_, count)) = counted.iter_mut().find(|(known, _)| *known == line) {
            *count += 1;
        } else if counted.len() < SHOWN_MAX {
            counted.push((line, 1));
        }
    }
    for (line, count) in &counted {
        println!(
            "VIOLATION  {line}{}",
            if *count > 1 { format!(" ({count} times)") } else { String::new() }
        );
    }
    let shown: u64 = counted.iter().map(|(_, count)| count).sum();
    if wrong.len() as u64 > shown {
        println!("and {} more", wrong.len() as u64 - shown);
    }
}

fn counts<'a, K: Ord + Debug + 'a>(all: impl Iterator<Item = &'a BTreeMap<K, u64>>) -> String {
    let mut sums: BTreeMap<&K, u64> = BTreeMap::new();
    for (key, count) in all.flatten() {
        *sums.entry(key).or_default() += count;
    }
    let texts: Vec<String> = sums.iter().map(|(key, count)| format!("{key:?} {count}")).collect();
    if texts.is_empty() { "none".into() } else { texts.join(", ").replace('"', "") }
}
