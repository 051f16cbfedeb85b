//! The verdict: compares what was acknowledged with what was observed. This has no I/O, so that its tests can plant
//! every fault.

mod recalled;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crate::journal::{Answer, Outcome, Reading, Recall, Seen, Send, Stream};
use recalled::Recalled;

/// All journals of a trial.
#[derive(Default)]
pub struct Evidence {
    pub sends: Vec<Send>,
    pub recalls: Vec<Recall>,
    pub readings: Vec<Reading>,
    /// Readings that began after the last recall was answered.
    pub late: Vec<Reading>,
    /// Whole conversations from the history API. Each list is one way of reading them.
    pub histories: Vec<Vec<Seen>>,
}

impl Evidence {
    pub fn all_readings(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().chain(&self.late)
    }
}

/// The faults and figures that the checker found.
#[derive(Default)]
pub struct Verdict {
    pub violations: Vec<String>,
    /// Sends without an answer that were stored.
    pub unknown_stored: u64,
    pub events: usize,
    /// Acknowledged messages that are missing from the history.
    pub lost: u64,
}

/// The log that follows from all observations together.
#[derive(Default)]
struct Log<'a> {
    events: HashMap<(&'a Stream, u64), (Seen, &'a str)>,
    heads: HashMap<&'a Stream, u64>,
    by_digest: HashMap<(&'a Stream, u64), HashSet<u64>>,
}

impl<'a> Log<'a> {
    /// Adds an observation. An event has to be the same for all readers, but that it may have been recalled.
    fn add(&mut self, seen: &'a Seen, who: &'a str, recalled: &Recalled, found: &mut Vec<String>) {
        let sent = recalled.as_sent(seen);
        let at = (&seen.stream, seen.seq);
        self.by_digest.entry((&seen.stream, sent.digest)).or_default().insert(seen.seq);
        let (first, by) = self.events.entry(at).or_insert_with(|| (sent.clone(), who));
        if *first != sent {
            found.push(format!("differs: {by} saw {first:?}, {who} saw {sent:?}"));
        }
        let head = self.heads.entry(&seen.stream).or_default();
        *head = seen.seq.max(*head);
    }
}

pub fn check(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    let found = &mut verdict.violations;
    let mut log = Log::default();
    let recalled = Recalled::of(&evidence.recalls);
    for reading in evidence.all_readings() {
        for seen in &reading.seen {
            log.add(seen, &reading.name, &recalled, found);
        }
    }
    for seen in evidence.histories.iter().flatten() {
        log.add(seen, "the history", &recalled, found);
    }
    recalled.check(evidence, found);
    let started = starts(evidence.all_readings());
    for reading in evidence.all_readings() {
        in_order(reading, found);
        to_the_end(reading, &log, found);
    }
    for history in &evidence.histories {
        whole(history, &log, found);
    }
    for send in &evidence.sends {
        let stored = log.by_digest.get(&(&send.stream, send.digest));
        verdict.unknown_stored +=
            u64::from(send.outcome == Outcome::Unknown && stored.is_some_and(|s| !s.is_empty()));
        kept(send, stored, &log, found);
    }
    verdict.lost = gone(evidence, &recalled, found);
    nobody_elses(&evidence.sends, &started, &log, found);
    verdict.events = log.events.len();
    verdict
}

/// The first event of each stream that is written to.
fn starts<'a>(readings: impl Iterator<Item = &'a Reading>) -> HashMap<&'a Stream, u64> {
    let mut all = HashMap::new();
    for reading in readings {
        for stream in &reading.expected {
            all.insert(stream, reading.start.get(stream).copied().unwrap_or(0));
        }
    }
    all
}

/// Checks one reader: each stream without a gap, nothing twice, all in the order of the log.
fn in_order(reading: &Reading, found: &mut Vec<String>) {
    let name = &reading.name;
    let mut next: HashMap<&Stream, u64> =
        reading.start.iter().map(|(stream, seq)| (stream, seq + 1)).collect();
    let mut had = HashSet::new();
    let (mut position, mut at) = (0, 0);
    for seen in &reading.seen {
        let Seen { stream, seq, .. } = seen;
        if !had.insert((stream, *seq)) {
            found.push(format!("doubled: {name} saw {stream}#{seq} twice"));
            continue;
        }
        let expected = next.entry(stream).or_insert(*seq);
        if seq > expected {
            found.push(format!("gap: {name} saw {stream}#{seq} where #{expected} was next"));
        } else if seq < expected {
            found.push(format!("out of order: {name} saw {stream}#{seq} after #{}", *expected - 1));
        }
        *expected = (*expected).max(seq + 1);
        if seen.position <= position {
            found.push(format!(
                "out of order: {name} saw {stream}#{seq} at {} after {position}",
                seen.position
            ));
        }
        if seen.at < at {
            found.push(format!(
                "time went back: {name} saw {stream}#{seq} of {} after {at}",
                seen.at
            ));
        }
        (position, at) = (position.max(seen.position), at.max(seen.at));
    }
}

/// Checks that a reader has seen the end of each of its streams.
fn to_the_end(reading: &Reading, log: &Log, found: &mut Vec<String>) {
    for stream in &reading.expected {
        let had = reading.seen.iter().filter(|seen| seen.stream == *stream);
        let start = reading.start.get(stream).copied().unwrap_or(0);
        let last = had.map(|seen| seen.seq).max().unwrap_or(start);
        let head = log.heads.get(stream).copied().unwrap_or(start);
        if last < head {
            let name = &reading.name;
            found.push(format!("lost: {name} ended with {stream}#{last}, the head is #{head}"));
        }
    }
}

/// Checks that the history has every event from the first to the head, in order.
fn whole(history: &[Seen], log: &Log, found: &mut Vec<String>) {
    let mut next: HashMap<&Stream, u64> = HashMap::new();
    for seen in history {
        let next = next.entry(&seen.stream).or_insert(1);
        if seen.seq != *next {
            found.push(format!("history: {}#{} where #{next} was next", seen.stream, seen.seq));
        }
        *next = seen.seq + 1;
    }
    for (stream, next) in next {
        let head = log.heads[stream];
        if next <= head {
            found.push(format!("history: {stream} ends with #{}, the head is #{head}", next - 1));
        }
    }
}

/// Checks that a send is in the log as often as its answer says, and at that place.
fn kept(send: &Send, stored: Option<&HashSet<u64>>, log: &Log, found: &mut Vec<String>) {
    let Send { stream, key, digest, outcome, .. } = send;
    let count = stored.map_or(0, HashSet::len);
    match outcome {
        Outcome::Ok(answer) => match log.events.get(&(stream, answer.seq)) {
            None => found.push(format!("lost: {key} was acknowledged as {stream}#{}", answer.seq)),
            Some((seen, _)) if seen.digest != *digest => {
                found.push(format!("differs: {stream}#{} is not what {key} said", answer.seq));
            }
            Some((seen, _)) if (seen.position, seen.at) != (answer.position, answer.at) => {
                found.push(format!("differs: {key} was answered {answer:?}, but is {seen:?}"));
            }
            Some(_) if count > 1 => {
                found.push(format!("doubled: {key} is in {stream} {count} times"))
            }
            Some(_) => {}
        },
        Outcome::Planned if count == 0 => found.push(format!("lost: {key}, planned, was not sent")),
        Outcome::Planned | Outcome::Unknown if count > 1 => {
            found.push(format!("doubled: {key}, {outcome:?}, is in {stream} {count} times"));
        }
        Outcome::Failed if count > 0 => {
            found.push(format!("refused, but stored: {key} is in {stream}"));
        }
        Outcome::Planned | Outcome::Unknown | Outcome::Failed => {}
    }
}

/// Checks that the whole history has each acknowledged message, whether a reader saw it or not. Returns the number of
/// the missing ones.
fn gone(evidence: &Evidence, recalled: &Recalled, found: &mut Vec<String>) -> u64 {
    let Some(history) = evidence.histories.first() else { return 0 };
    let sent = |e: &Seen| recalled.as_sent(e).digest;
    let kept: HashSet<_> = history.iter().map(|e| (&e.stream, e.seq, sent(e))).collect();
    let mut lost = 0;
    let contents: HashSet<_> = history.iter().map(|e| (&e.stream, sent(e))).collect();
    for Send { stream, key, digest, outcome, .. } in &evidence.sends {
        if *outcome == Outcome::Planned && !contents.contains(&(stream, *digest)) {
            found.push(format!("lost: {key} was planned in {stream} and is not in the history"));
            lost += 1;
        }
        // A channel has no history of this kind.
        let Outcome::Ok(Answer { seq, .. }) = outcome else { continue };
        if !stream.starts_with("channel:") && !kept.contains(&(stream, *seq, *digest)) {
            found.push(format!("lost: {key} was acknowledged as {stream}#{seq} and is gone"));
            lost += 1;
        }
    }
    lost
}

/// Checks that the streams have only events that were sent.
fn nobody_elses(
    sends: &[Send],
    started: &HashMap<&Stream, u64>,
    log: &Log,
    found: &mut Vec<String>,
) {
    let sent: HashSet<_> = sends.iter().map(|send| (&send.stream, send.digest)).collect();
    for (stream, seq) in log.events.keys() {
        let seen = &log.events[&(*stream, *seq)].0;
        let Some(start) = started.get(stream) else { continue };
        if seq > start && !sent.contains(&(*stream, seen.digest)) {
            found.push(format!("invented: nobody sent {stream}#{seq}"));
        }
    }
}
