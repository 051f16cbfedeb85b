//! Each fault that the crash test has to find, planted once.

use std::sync::Arc;

use super::{Evidence, check};
use crate::journal::{Answer, Outcome, Reading, Recall, Seen, Send, Stream};

const C: &str = "c1";

fn event(seq: u64) -> Seen {
    Seen { stream: Arc::from(C), seq, position: 10 + seq, at: 1_000 + seq, digest: 100 + seq }
}

fn send(seq: u64, outcome: Outcome) -> Send {
    Send {
        stream: Arc::from(C),
        key: format!("k{seq}"),
        digest: 100 + seq,
        outcome,
        answered: None,
    }
}

fn acked(seq: u64) -> Send {
    let Seen { position, at, .. } = event(seq);
    send(seq, Outcome::Ok(Answer { seq, position, at }))
}

fn reading(name: &str, seen: Vec<Seen>) -> Reading {
    let stream: Stream = Arc::from(C);
    Reading {
        name: name.into(),
        start: [(stream.clone(), 2)].into(),
        expected: vec![stream],
        seen,
        ..Reading::default()
    }
}

/// Two readers that saw the events 3 to 8. All are acknowledged but #5, which is unknown. The history begins at 1.
fn good() -> Evidence {
    let mut sends: Vec<Send> = (3..=8).map(acked).collect();
    sends[2].outcome = Outcome::Unknown;
    let all = || (3..=8).map(event).collect();
    Evidence {
        sends,
        readings: vec![reading("a", all()), reading("b", all())],
        histories: vec![(1..=8).map(event).collect()],
        ..Evidence::default()
    }
}

fn recall(seq: u64, acknowledged: bool) -> Recall {
    Recall {
        stream: Arc::from(C),
        seq,
        message: 100 + seq,
        erased: 7,
        secret: format!("secret {seq}"),
        acknowledged,
    }
}

/// #4 was recalled while the readers were under way: one saw it before, one after.
fn with_a_recall() -> Evidence {
    let mut evidence = good();
    evidence.recalls.push(recall(4, true));
    evidence.readings[1].seen[1].digest = 7;
    evidence.histories[0][3].digest = 7;
    evidence
}

#[test]
fn a_recalled_message_was_there_and_is_gone() {
    assert_eq!(found(&with_a_recall()), Vec::<String>::new());
    // Without an answer it may be there or not.
    let mut evidence = good();
    evidence.recalls.push(recall(4, false));
    assert_eq!(found(&evidence), Vec::<String>::new());
}

#[test]
fn a_recalled_message_that_is_told_later() {
    let mut evidence = with_a_recall();
    evidence.histories[0][3].digest = 104;
    assert_eq!(found(&evidence), ["not gone"]);
    let mut evidence = with_a_recall();
    evidence.late.push(reading("late", (3..=8).map(event).collect()));
    assert_eq!(found(&evidence), ["not gone"]);
}

#[test]
fn a_message_that_is_erased_and_was_never_recalled() {
    let mut evidence = with_a_recall();
    evidence.recalls.clear();
    assert_eq!(found(&evidence), ["differs", "lost"]);
}

/// The first words of the violations, each once.
fn found(evidence: &Evidence) -> Vec<String> {
    let verdict = check(evidence);
    let word = |text: &String| text.split(':').next().unwrap_or_default().to_owned();
    let mut words: Vec<String> = verdict.violations.iter().map(word).collect();
    words.sort();
    words.dedup();
    words
}

#[test]
fn sound_evidence_passes() {
    let verdict = check(&good());
    assert_eq!(verdict.violations, Vec::<String>::new());
    assert_eq!((verdict.unknown_stored, verdict.events), (1, 8));
}

#[test]
fn an_acknowledged_event_that_nobody_has() {
    let mut evidence = good();
    evidence.sends.push(acked(9));
    assert_eq!(found(&evidence), ["lost"]);
}

#[test]
fn an_event_that_one_reader_misses_at_the_end() {
    let mut evidence = good();
    evidence.readings[1].seen.pop();
    assert_eq!(found(&evidence), ["lost"]);
}

#[test]
fn a_reader_that_saw_nothing() {
    let mut evidence = good();
    evidence.readings[1].seen.clear();
    assert_eq!(found(&evidence), ["lost"]);
}

#[test]
fn a_gap_in_the_middle_and_at_the_start() {
    for at in [0, 2] {
        let mut evidence = good();
        evidence.readings[0].seen.remove(at);
        assert_eq!(found(&evidence), ["gap"]);
    }
}

#[test]
fn an_event_seen_twice() {
    let mut evidence = good();
    evidence.readings[0].seen.insert(3, event(4));
    assert_eq!(found(&evidence), ["doubled"]);
}

#[test]
fn an_event_replayed_from_before_the_start() {
    let mut evidence = good();
    evidence.readings[0].seen.insert(0, event(2));
    assert_eq!(found(&evidence), ["out of order"]);
}

#[test]
fn two_events_the_wrong_way_round() {
    let mut evidence = good();
    evidence.readings[0].seen.swap(2, 3);
    assert_eq!(found(&evidence), ["gap", "out of order", "time went back"]);
}

#[test]
fn streams_that_are_mixed_against_the_order_of_the_log() {
    let mut evidence = good();
    let other = Seen { stream: Arc::from("c2"), seq: 1, position: 1, at: 2_000, digest: 7 };
    evidence.readings[0].seen.push(other);
    assert_eq!(found(&evidence), ["out of order"]);
}

#[test]
fn a_seq_that_is_another_event_for_another_reader() {
    for change in [
        |seen: &mut Seen| seen.digest = 9_999,
        |seen: &mut Seen| seen.at += 1,
        |seen: &mut Seen| seen.position += 1_000,
    ] {
        let mut evidence = good();
        let last = evidence.readings[1].seen.len() - 1;
        change(&mut evidence.readings[1].seen[last]);
        assert!(found(&evidence).contains(&"differs".to_owned()));
    }
}

#[test]
fn an_acknowledged_event_replaced_for_everybody() {
    let mut evidence = good();
    for seen in
        evidence.readings.iter_mut().flat_map(|r| &mut r.seen).chain(&mut evidence.histories[0])
    {
        if seen.seq == 6 {
            seen.digest = 107;
        }
    }
    assert_eq!(found(&evidence), ["differs", "doubled", "lost"]);
    assert_eq!(check(&evidence).lost, 1);
}

#[test]
fn an_answer_with_another_place_than_the_event() {
    let mut evidence = good();
    evidence.sends[0].outcome = Outcome::Ok(Answer { seq: 3, position: 14, at: 1_003 });
    assert_eq!(found(&evidence), ["differs"]);
}

#[test]
fn a_retry_that_was_stored_a_second_time() {
    for outcome in [Outcome::Unknown, acked(8).outcome] {
        let mut evidence = good();
        evidence.sends[5].outcome = outcome;
        let copy = Seen { digest: 108, ..event(9) };
        evidence.readings.iter_mut().for_each(|r| r.seen.push(copy.clone()));
        evidence.histories[0].push(copy);
        assert_eq!(found(&evidence), ["doubled"]);
    }
}

#[test]
fn a_planned_message_that_was_not_sent_or_twice() {
    let planned = |evidence: &mut Evidence| evidence.sends[3].outcome = Outcome::Planned;
    let mut evidence = good();
    planned(&mut evidence);
    assert_eq!(found(&evidence), [] as [&str; 0], "it is there once");
    evidence.sends.push(send(9, Outcome::Planned));
    assert_eq!(found(&evidence), ["lost"]);
    assert_eq!(check(&evidence).lost, 1);
    let mut evidence = good();
    planned(&mut evidence);
    let copy = Seen { digest: 106, ..event(9) };
    evidence.readings.iter_mut().for_each(|r| r.seen.push(copy.clone()));
    evidence.histories[0].push(copy);
    assert_eq!(found(&evidence), ["doubled"]);
}

#[test]
fn a_refused_send_that_is_there_all_the_same() {
    let mut evidence = good();
    evidence.sends[1].outcome = Outcome::Failed;
    assert_eq!(found(&evidence), ["refused, but stored"]);
}

#[test]
fn an_event_that_nobody_sent() {
    let mut evidence = good();
    evidence.sends.remove(2);
    assert_eq!(found(&evidence), ["invented"]);
}

#[test]
fn a_history_with_a_hole_or_a_missing_end() {
    // The first is from before the test, and the fifth is unknown.
    for (at, expected) in [(0, &["history"][..]), (4, &["history"]), (7, &["history", "lost"])] {
        let mut evidence = good();
        evidence.histories[0].remove(at);
        assert_eq!(found(&evidence), expected);
    }
}

#[test]
fn an_acknowledged_event_that_was_seen_and_is_gone_with_all_after_it() {
    let mut evidence = good();
    // The next messages of an emptied log would take the same numbers.
    evidence.histories[0].truncate(5);
    assert_eq!(found(&evidence), ["history", "lost"]);
    assert_eq!(check(&evidence).lost, 3);
}

#[test]
fn a_clock_that_went_back() {
    let mut evidence = good();
    let back = |seen: &mut Seen| seen.at = 1;
    evidence.readings.iter_mut().for_each(|r| back(&mut r.seen[2]));
    back(&mut evidence.histories[0][4]);
    assert_eq!(found(&evidence), ["time went back"]);
}
