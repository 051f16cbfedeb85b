//! The past: history by pages, views that don't change, pages of a replay.

use super::*;

pub fn history_by_pages_in_both_directions<F: Fixture>(new: fn() -> F) {
    let fixture = new();
    let space = Space::open(&fixture);
    // The streams have these lengths and are interleaved.
    let lengths = [0u64, 1, 63, 64, 65, 127, 128, 129, 500];
    let filled = space.write(move |tx| {
        for number in 0..500 {
            for (length, id) in lengths.into_iter().zip(1..) {
                if number < length {
                    tx.append(event(room(id), &number.to_string()))?;
                }
            }
        }
        Ok(())
    });
    filled.unwrap();
    check_pages(&space, &lengths);
    space.close();
    // The pages come from the store, not from the writer's memory. A few more events follow, which the table of heads
    // lacks.
    let space = Space::open(&fixture);
    check_pages(&space, &lengths);
    let more = lengths.map(|length| length + 2);
    for id in (1..=lengths.len() as u64).chain(1..=lengths.len() as u64) {
        space.append(event(room(id), "1")).unwrap();
    }
    check_pages(&space, &more);
}

fn check_pages(space: &Space, lengths: &[u64]) {
    for (length, id) in lengths.iter().copied().zip(1..) {
        let edges = [0, 1, 2, 62, 63, 64, 65, 66, 127, 128, 129, 192, 193, 256, 499, 500, 501];
        let near = [length.saturating_sub(1), length, length + 1, length + 2, u64::MAX];
        let starts: Vec<u64> = edges.into_iter().chain(near).collect();
        let checked = space.read(move |read| {
            let seqs = |entries: Vec<Arc<Entry>>| -> Vec<u64> {
                assert!(entries.iter().all(|e| e.event.stream == room(id)));
                entries.iter().map(|e| e.event.seq.0).collect()
            };
            for count in [1, 2, 50, 64, 200, 1000] {
                for start in starts.iter().copied() {
                    let (entries, more) = read.before(room(id), Some(Seq(start)), count)?;
                    let last = start.saturating_sub(1).min(length);
                    let first = last.saturating_sub(count as u64) + 1;
                    assert_eq!(seqs(entries), (first..=last).collect::<Vec<_>>());
                    assert_eq!(more, last > 0 && first > 1, "{count} before {start} of {length}");
                    let (entries, more) = read.after(room(id), Seq(start), count)?;
                    let last = start.saturating_add(count as u64).min(length);
                    let expected: Vec<u64> = (start.saturating_add(1)..=last).collect();
                    assert_eq!(seqs(entries), expected, "{count} after {start} of {length}");
                    assert_eq!(more, last < length, "{count} after {start} of {length}");
                }
                let (entries, more) = read.before(room(id), None, count)?;
                let first = length.saturating_sub(count as u64) + 1;
                assert_eq!(seqs(entries), (first..=length).collect::<Vec<_>>());
                assert_eq!(more, length > count as u64);
            }
            Ok(())
        });
        checked.unwrap();
    }
}

pub fn a_view_stays_as_it_is_while_others_write<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let count = |tx: &mut dyn Sql| -> Result<u64, Error> {
        let query = "SELECT value FROM setting WHERE name = 'count'";
        Ok(tx
            .query_one(query, params![])?
            .map_or(Ok(0), |row| row.get(0).map(|v: String| v.parse().unwrap()))?)
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=300u64 {
                let upsert = "INSERT INTO setting VALUES ('count', ?1)
                              ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                let write = space.write(move |tx| {
                    tx.append(event(room(1 + number % 3), "1"))?;
                    tx.append(event(room(1), "1"))?;
                    tx.execute(upsert, params![(number * 2).to_string()])?;
                    Ok(())
                });
                write.unwrap();
            }
        });
        let mut seen = 0;
        while seen < 600 {
            let view = space.read(move |read| {
                let position = read.position();
                for _ in 0..3 {
                    assert_eq!(count(read)?, position.0);
                    assert_eq!(read.cursor().position, position);
                    let heads = [1, 2, 3].map(|id| read.head(room(id)));
                    let [one, two, three] = heads.map(Result::unwrap);
                    assert_eq!(one.seq.0 + two.seq.0 + three.seq.0, position.0);
                    assert_eq!(one.position, position, "each write ends with an event of it");
                    let (newest, _) = read.before(room(1), None, 2)?;
                    assert_eq!(newest.last().map_or(0, |e| e.event.position.0), position.0);
                    let after = Position(position.0.saturating_sub(4));
                    assert!(read.log_after(after, 100)?.len() <= 4);
                    let follows = vec![Follow { stream: room(1), from: Position(0) }];
                    let until = Position(position.0 + 100);
                    let page = read.page(&PageRequest { after, until, follows })?;
                    assert_eq!(page.up_to, position);
                    assert!(read.event(Position(position.0 + 1))?.is_none());
                }
                Ok(position.0)
            });
            let now = view.unwrap();
            assert!(now >= seen);
            seen = now;
        }
    });
}

fn page(space: &Space, after: u64, until: u64, follows: &[(StreamId, u64)]) -> (Vec<u64>, u64) {
    let follow =
        |(stream, from): &(StreamId, u64)| Follow { stream: *stream, from: Position(*from) };
    let follows = follows.iter().map(follow).collect();
    let request = PageRequest { after: Position(after), until: Position(until), follows };
    let page = space.read(move |read| Ok(read.page(&request)?)).unwrap();
    (page.entries.iter().map(|e| e.event.position.0).collect(), page.up_to.0)
}

pub fn a_page_of_a_replay_holds_what_is_followed_and_says_how_far_it_looked<F: Fixture>(
    new: fn() -> F,
) {
    let space = Space::open(&new());
    let (receipts, own) = (StreamId::receipts(ConversationId(1)), StreamId::person(PersonId(1)));
    for stream in [room(1), room(2), receipts, own, room(1), StreamId::channel(1), room(2), room(1)]
    {
        space.append(event(stream, "1")).unwrap();
    }
    let all: &[(StreamId, u64)] = &[(room(1), 0), (own, 0)];
    assert_eq!(page(&space, 0, 8, all), (vec![1, 3, 4, 5, 8], 8));
    assert_eq!(page(&space, 1, 7, all), (vec![3, 4, 5], 7));
    assert_eq!(page(&space, 5, 7, all), (vec![], 7));
    assert_eq!(page(&space, 8, 8, all), (vec![], 8));
    assert_eq!(page(&space, 0, 8, &[]), (vec![], 8));
    assert_eq!(page(&space, 0, 8, &[(room(1), 4), (room(2), 2)]), (vec![2, 5, 7, 8], 8));
    assert_eq!(page(&space, 0, 8, &[(room(1), 3)]), (vec![3, 5, 8], 8), "from: this one too");
    assert_eq!(page(&space, 0, 8, &[(receipts, 0)]), (vec![], 8), "receipts go with their room");
    assert_eq!(page(&space, 0, 99, all).1, 8, "never beyond the view");
}

pub fn a_page_of_a_replay_is_bounded<F: Fixture>(new: fn() -> F) {
    let space = Space::open(&new());
    let scan = limits::SCAN_EVENTS_MAX as u64;
    let filled = space.write(move |tx| {
        for _ in 0..scan {
            tx.append(event(room(2), "1"))?;
        }
        for _ in 0..1_500 {
            tx.append(event(room(1), "1"))?;
        }
        let big = format!("\"{}\"", "x".repeat(limits::EVENT_BODY_BYTES_MAX - 2));
        for _ in 0..10 {
            tx.append(event(room(3), &big))?;
        }
        Ok(())
    });
    filled.unwrap();
    let end = scan + 1_510;
    // A page is bounded in the events that it looks at, the events that it hands out, and their bytes. It always has
    // something.
    assert_eq!(page(&space, 0, end, &[(room(1), 0)]), (vec![], scan));
    let (entries, up_to) = page(&space, scan, end, &[(room(1), 0)]);
    assert_eq!((entries.len(), up_to), (limits::REPLAY_EVENTS_MAX, scan + 1_000));
    let (entries, up_to) = page(&space, up_to, end, &[(room(1), 0)]);
    assert_eq!((entries.len(), up_to), (500, end));
    let (entries, up_to) = page(&space, scan + 1_500, end, &[(room(3), 0)]);
    assert_eq!((entries.len(), up_to), (4, scan + 1_504));
}
