use super::*;
use crate::hub::{Next, SinkOutcome, Stale, State};

const NOW: u32 = 100;
const SESSION: u32 = 7;

/// A connection of this transport whose session is open.
fn open(transport: Transport) -> Connection {
    let mut conn = Connection::new(NOW);
    conn.transport = transport;
    conn.wait = 40;
    conn.asks(true, false, false);
    assert_eq!(conn.opened(Ok(SESSION)), Opened::Begin);
    conn.begin(NOW);
    conn
}

fn at(now: u32) -> Moment {
    Moment { now, draining: false, stuck_since: None, stashed: false, early: 0 }
}

#[test]
fn it_takes_few_bytes_of_its_shard() {
    assert!(size_of::<Connection>() <= 44, "{}", size_of::<Connection>());
}

#[test]
fn a_stream_reads_until_it_is_live_and_is_then_handed_what_is_new() {
    let mut conn = open(Transport::Sse);
    assert_eq!(conn.goes_on(false, false), GoOn::CatchUp);
    assert!(conn.catches_up(State::Behind));
    conn.paging = true;
    assert!(!conn.catches_up(State::Behind), "one page at a time");
    assert_eq!(conn.paged(), Paged::Stream);
    assert_eq!(conn.paged(), Paged::Late);
    assert!(conn.turned_live());
    assert!(!conn.turned_live(), "it is told once");
    assert!(!conn.catches_up(State::Live));
    assert_eq!(conn.delivery(|| false), Delivery::Stream);
}

#[test]
fn a_full_stream_falls_behind_and_is_cut_if_it_takes_nothing() {
    let (conn, timing) = (open(Transport::Sse), Timing::default());
    assert_eq!(Written::Kept.of_stream(), SinkOutcome::Full);
    assert_eq!(conn.falls_behind(), Some(SESSION));
    let slow = timing.ticks(timing.slow_reader_ms);
    let stuck = |now| Moment { stuck_since: Some(NOW), ..at(now) };
    assert_eq!(timing.deadline(&conn, &stuck(NOW)), Some(NOW + slow), "no heartbeat before that");
    assert_eq!(timing.overdue(&conn, &stuck(NOW + slow)), Overdue::Cut);
    assert_eq!(timing.overdue(&conn, &at(NOW + slow)), Overdue::Beat);
    assert!(conn.is_told_of_cut(true));
    assert!(!conn.is_told_of_cut(false), "a frame was begun");
}

#[test]
fn a_websocket_that_was_heard_of_lately_is_not_asked_for_an_answer() {
    let (mut conn, timing) = (open(Transport::WebSocket), Timing::default());
    let (beat, silence) = (timing.ticks(timing.heartbeat_ms), timing.ticks(timing.silence_ms));
    let mut asked = Vec::new();
    // The client answers at once.
    for _ in 0..6 {
        let now = timing.deadline(&conn, &at(NOW)).unwrap();
        asked.push(timing.overdue(&conn, &at(now)));
        conn.wrote = now;
        if asked.last() == Some(&Overdue::Ping) {
            conn.heard = now;
        }
    }
    assert_eq!(conn.wrote, NOW + 6 * beat);
    assert_eq!(asked, [Overdue::Beat, Overdue::Ping].repeat(3));
    // It does not answer any more. It was asked long before it is ended.
    let gone = conn.heard;
    while let Some(now) = timing.deadline(&conn, &at(NOW)).filter(|now| *now < gone + silence) {
        let last = timing.overdue(&conn, &at(now));
        assert_eq!(last == Overdue::Ping, now >= gone + silence / 2);
        conn.wrote = now;
    }
    assert!(conn.wrote >= gone + silence / 2 && conn.wrote <= gone + silence - beat);
    assert_eq!(timing.overdue(&conn, &at(gone + silence)), Overdue::Idle);
    assert_eq!(timing.overdue(&open(Transport::Sse), &at(NOW + beat)), Overdue::Beat);
}

#[test]
fn heartbeats_of_streams_that_open_together_are_spread_over_an_eighth_of_their_period() {
    let (conn, timing) = (open(Transport::Sse), Timing::default());
    let beat = timing.ticks(timing.heartbeat_ms);
    let mut counts = std::collections::BTreeMap::new();
    for place in 0..6_400 {
        let early = timing.beats_early(Transport::Sse, place);
        let due = timing.deadline(&conn, &Moment { early, ..at(NOW) }).unwrap();
        *counts.entry(due).or_insert(0) += 1;
    }
    let (first, last) = (*counts.keys().next().unwrap(), *counts.keys().last().unwrap());
    assert_eq!(last, NOW + beat);
    assert!(first >= NOW + beat - beat / 8, "{first}");
    assert!(counts.values().all(|count| *count <= 600), "{counts:?}");
}

#[test]
fn a_poll_is_answered_once_and_rests_until_the_next_one() {
    let mut conn = open(Transport::LongPoll);
    assert!(matches!(conn.polls(Next::Live), PollTurn::Wait));
    assert_eq!(conn.goes_on(true, false), GoOn::Nothing);
    assert_eq!(Timing::default().overdue(&conn, &at(NOW + 40)), Overdue::AnswerPoll);
    assert_eq!(conn.delivery(|| true), Delivery::Answer);
    assert_eq!(conn.delivery(|| false), Delivery::Read, "one answer can't hold it");
    assert_eq!(conn.falls_behind(), None, "a poll has only its answer to take");
    assert_eq!(conn.answered(NOW), Phase::Request);
    conn.good_until = NOW + 10;
    assert!(conn.can_poll_again(State::Resting, NOW, false));
    assert!(!conn.can_poll_again(State::Behind, NOW, false));
    assert!(!conn.can_poll_again(State::Resting, NOW, true), "the server goes down");
    assert!(!conn.can_poll_again(State::Resting, NOW + 10, false), "its admission is too old");
    let mut short = open(Transport::ShortPoll);
    assert!(matches!(short.polls(Next::Live), PollTurn::Answer(events) if events.is_empty()));
}

#[test]
fn an_admission_that_is_too_old_is_made_again_a_few_times() {
    let mut conn = Connection::new(NOW);
    let outcomes: Vec<Opened> = (0..4)
        .map(|_| {
            conn.tries += 1;
            conn.opened(Err(Stale::Again))
        })
        .collect();
    assert_eq!(outcomes[0], Opened::AdmitAgain);
    assert_eq!(outcomes[3], Opened::Overloaded);
    assert_eq!(conn.opened(Err(Stale::Revoked)), Opened::Revoked);
    assert_eq!(conn.session, None);
}

#[test]
fn a_connection_that_is_drained_first_answers_what_it_accepted() {
    let mut conn = open(Transport::WebSocket);
    assert!(conn.takes_command().is_ok());
    assert!(conn.takes_command().is_ok());
    assert_eq!(conn.drains(NOW), Drain::AfterCommands);
    assert_eq!(conn.takes_command().map_err(|e| e.code), Err(crate::Code::Draining));
    assert!(!conn.command_answered());
    assert!(conn.command_answered(), "now it ends");
    assert_eq!(open(Transport::Sse).drains(NOW), Drain::End);
    let mut between = open(Transport::LongPoll);
    between.answered(NOW);
    assert_eq!(between.drains(NOW + 5), Drain::Moment);
    assert!(!between.keep_alive);
    let draining = Moment { draining: true, ..at(NOW + 5) };
    let linger = Timing::default().ticks(3_000);
    assert_eq!(Timing::default().deadline(&between, &draining), Some(NOW + 5 + linger));
}

#[test]
fn a_client_that_ended_its_side_still_gets_what_it_asked_for() {
    let mut stream = open(Transport::Sse);
    assert_eq!(stream.half_closes(false, false), HalfClose::Beat);
    assert_eq!(stream.half_closes(false, false), HalfClose::Nothing, "once is enough");
    assert_eq!(open(Transport::WebSocket).half_closes(false, false), HalfClose::Destroy);
    let mut poll = open(Transport::LongPoll);
    assert_eq!(poll.half_closes(false, false), HalfClose::PerhapsLeft);
    assert!(!poll.keep_alive);
    assert!(poll.perhaps_left(NOW + 1, 4, false));
    assert_eq!(poll.wait, 5, "it is answered soon");
    let mut idle = Connection::new(NOW);
    assert_eq!(idle.half_closes(true, false), HalfClose::Nothing, "its answer is on the way");
    assert_eq!(Connection::new(NOW).half_closes(false, false), HalfClose::Destroy);
}

#[test]
fn each_way_to_wait_ends_in_a_way_of_its_own() {
    assert_eq!(open(Transport::Sse).ends(), Ending::Say);
    let mut poll = open(Transport::LongPoll);
    assert_eq!(poll.ends(), Ending::Answer);
    assert_eq!(poll.answered(NOW), Phase::Closing, "no other request follows");
    let mut between = open(Transport::LongPoll);
    between.answered(NOW);
    assert_eq!(between.ends(), Ending::Silent);
    let mut closing = open(Transport::Sse);
    closing.closes(NOW);
    assert_eq!(closing.ends(), Ending::Nothing);
}
