//! The figures and the verdict, for people.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use crate::check::check;
use crate::journal::Outcome;
use crate::play::Played;

/// Violations that are printed.
const SHOWN_MAX: usize = 40;

/// Prints all; true if everything held.
pub fn print(played: &Played) -> bool {
    let verdict = check(&played.evidence);
    let evidence = &played.evidence;
    let of = |wanted: fn(&Outcome) -> bool| {
        evidence.sends.iter().filter(|send| wanted(&send.outcome)).count()
    };
    let ok = of(|o| matches!(o, Outcome::Ok(_)));
    let (unknown, failed) = (of(|o| *o == Outcome::Unknown), of(|o| *o == Outcome::Failed));
    let retried: u64 = played.writings.iter().map(|w| w.retried).sum();
    let stored: u64 = played.writings.iter().map(|w| w.retried_stored).sum();
    let repeated: u64 = played.writings.iter().map(|w| w.repeated).sum();
    let seen: usize = evidence.readings.iter().map(|r| r.seen.len()).sum();
    let back = evidence.readings.iter().filter_map(|r| Some((r.longest_back?, &r.name))).max();

    println!(
        "went down        {} SIGKILL, {} SIGTERM in {:.0?}",
        played.kills, played.terms, played.took
    );
    println!(
        "sends            {ok} ok ({retried} after a try without an answer, of which {stored} had stored it), {unknown} unknown \
        ({} of them stored), {failed} failed",
        verdict.unknown_stored
    );
    println!("repeated keys    {repeated} got the first answer, or 409 with another text");
    println!(
        "observations     {seen} by {} readers, of {} events",
        evidence.readings.len(),
        verdict.events
    );
    println!("connections      {}", counts(evidence.readings.iter().map(|r| &r.connects)));
    println!("byes             {}", counts(evidence.readings.iter().map(|r| &r.byes)));
    println!("refused readers  {}", counts(evidence.readings.iter().map(|r| &r.refused)));
    println!("refused sends    {}", counts(played.writings.iter().map(|w| &w.refused)));
    println!(
        "start to ready   {} at most; SIGTERM to the end {} at most",
        ms(played.longest_start),
        ms(played.longest_down)
    );
    if let Some(((back, transport), who)) = back {
        println!("start to back    {} at most: {who}, over {transport:?}", ms(back));
    }

    let mut wrong = played.faults.clone();
    wrong.extend(
        played.writings.iter().flat_map(|w| w.faults.iter().map(|f| format!("a writer: {f}"))),
    );
    for reading in &evidence.readings {
        wrong.extend(reading.faults.iter().map(|fault| format!("{}: {fault}", reading.name)));
    }
    wrong.extend(verdict.violations);
    show(&wrong);
    let good = wrong.is_empty() && ok > 0;
    println!(
        "{}",
        if good { "nothing lost, nothing doubled, nothing out of order" } else { "FAILED" }
    );
    good
}

/// Prints what is wrong, the same line once.
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

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

fn counts<'a, K: Ord + Debug + 'a>(all: impl Iterator<Item = &'a BTreeMap<K, u64>>) -> String {
    let mut sums: BTreeMap<&K, u64> = BTreeMap::new();
    for (key, count) in all.flatten() {
        *sums.entry(key).or_default() += count;
    }
    let texts: Vec<String> = sums.iter().map(|(key, count)| format!("{key:?} {count}")).collect();
    if texts.is_empty() { "none".into() } else { texts.join(", ").replace('"', "") }
}
