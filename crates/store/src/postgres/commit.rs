//! The end of a transaction: its events and changes and the commit itself, in one round trip.

use encke_engine::event;
use encke_engine::{Event, Point, Step, Transaction, limits};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use super::session::Session;
use crate::erases;
use crate::error::StoreError;

const LOG: &str = "INSERT INTO log (position, stream, seq, back, at_ms, author, kind, idem, body, mark, erases)
    SELECT u.position, u.stream, u.seq, u.back, $1, u.author, u.kind, u.idem, u.body, $2, u.erases
    FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::bytea[], $11::bytea[])
        AS u (position, stream, seq, back, author, kind, idem, body, erases)";
const ERASE: &str = "UPDATE log SET kind = $1, body = $2 WHERE position = ANY($3)";
const ERASED: &str = "UPDATE space SET erased = $1";
const CHANGES: &str = "INSERT INTO change (number, position, kind, person, stream, credential)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])";
const NAMES: &str =
    "INSERT INTO channel SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING";
const SPACE: &str = "UPDATE space SET position = $1, change = $2, at_ms = $3";
const TRIM: &str = "DELETE FROM change WHERE number <= $1";

#[derive(Default)]
struct Log<'a> {
    positions: Vec<i64>,
    streams: Vec<i64>,
    seqs: Vec<i64>,
    backs: Vec<i64>,
    authors: Vec<Option<i64>>,
    kinds: Vec<&'a str>,
    idems: Vec<Option<&'a str>>,
    bodies: Vec<&'a [u8]>,
    erases: Vec<Option<Vec<u8>>>,
}

impl<'a> Log<'a> {
    fn add(&mut self, event: &'a Event) {
        self.positions.push(event.position.0 as i64);
        self.streams.push(event.stream.raw() as i64);
        self.seqs.push(event.seq.0 as i64);
        self.backs.push(event.back.0 as i64);
        self.authors.push(event.from.map(|p| p.0 as i64));
        self.kinds.push(&event.kind);
        self.idems.push(event.key.as_deref());
        self.bodies.push(&event.body);
        self.erases.push(erases::column(&event.erases));
    }
}

#[derive(Default)]
struct Changes {
    numbers: Vec<i64>,
    positions: Vec<i64>,
    kinds: Vec<&'static str>,
    people: Vec<i64>,
    streams: Vec<Option<i64>>,
    credentials: Vec<Option<i64>>,
}

impl Changes {
    fn add(&mut self, at: Point, step: &Step) {
        let (kind, person, stream, credential) = match step {
            Step::Event(_) => return,
            Step::Subscribe { person, stream, .. } => ("subscribe", person, Some(stream), None),
            Step::Unsubscribe { person, stream } => ("unsubscribe", person, Some(stream), None),
            Step::Revoke { person, credential } => ("revoke", person, None, *credential),
        };
        self.numbers.push(at.change as i64);
        self.positions.push(at.position.0 as i64);
        self.kinds.push(kind);
        self.people.push(person.0 as i64);
        self.streams.push(stream.map(|s| s.raw() as i64));
        self.credentials.push(credential.map(|c| c as i64));
    }
}

fn sort(tx: &Transaction) -> (Log<'_>, Changes) {
    let (mut log, mut changes) = (Log::default(), Changes::default());
    let mut at = tx.before();
    // A change stands before the next event.
    at.position.0 += 1;
    for step in tx.steps() {
        match step {
            Step::Event(entry) => {
                log.add(&entry.event);
                at.position.0 += 1;
            }
            change => {
                at.change += 1;
                changes.add(at, change);
            }
        }
    }
    (log, changes)
}

/// Commits. An error other than [`StoreError::Unknown`] says that nothing was stored.
pub(super) fn commit(session: &mut Session, tx: &Transaction, mark: u64) -> Result<(), StoreError> {
    let (log, changes) = sort(tx);
    let has_names = !tx.names().is_empty();
    let (has_log, has_changes) = (!log.positions.is_empty(), !changes.numbers.is_empty());
    let trims = tx.at().change / limits::CHANGES_TRIMMED_EVERY
        > tx.before().change / limits::CHANGES_TRIMMED_EVERY;
    let mut statement = |needed: bool, sql| needed.then(|| session.statement(sql)).transpose();
    let names = statement(has_names, NAMES)?;
    let insert = statement(has_log, LOG)?;
    let erase = statement(!tx.erased().is_empty(), ERASE)?;
    let erased = statement(!tx.erased().is_empty(), ERASED)?;
    let change = statement(has_changes, CHANGES)?;
    let trim = statement(trims, TRIM)?;
    let space = statement(has_log || has_changes, SPACE)?;
    let numbers: Vec<i64> = tx.names().iter().map(|(s, _)| s.owner_number() as i64).collect();
    let texts: Vec<&str> = tx.names().iter().map(|(_, name)| &**name).collect();
    let (at_ms, mark) = (tx.now_ms() as i64, mark as i64);
    let (position, last) = (tx.at().position.0 as i64, tx.at().change as i64);
    let old = last.saturating_sub(limits::CHANGES_KEPT_MAX as i64);
    let ahead = session.take_ahead();
    let erased_at: Vec<i64> = tx.erased().iter().map(|at| at.0 as i64).collect();
    let erased_at = &erased_at;
    let answers = session.wait(async |client| {
        let mut sent: Vec<BoxFuture<'_, Result<(), tokio_postgres::Error>>> = Vec::new();
        if !ahead.is_empty() {
            sent.push(client.batch_execute(&ahead).boxed());
        }
        if let Some(names) = &names {
            sent.push(async { client.execute(names, &[&numbers, &texts]).await.map(drop) }.boxed());
        }
        if let Some(insert) = &insert {
            let row = async {
                let Log { positions, streams, seqs, backs, authors, kinds, idems, bodies, .. } =
                    &log;
                client
                    .execute(
                        insert,
                        &[
                            &at_ms,
                            &mark,
                            positions,
                            streams,
                            seqs,
                            backs,
                            authors,
                            kinds,
                            idems,
                            bodies,
                            &log.erases,
                        ],
                    )
                    .await
                    .map(drop)
            };
            sent.push(row.boxed());
        }
        // The erased event may be of this transaction, so this comes after its insertion.
        if let Some(erase) = &erase {
            let body = event::ERASED_BODY.as_bytes();
            let row = async move {
                client.execute(erase, &[&event::ERASED, &body, erased_at]).await.map(drop)
            };
            sent.push(row.boxed());
        }
        if let Some(erased) = &erased {
            sent.push(async { client.execute(erased, &[&position]).await.map(drop) }.boxed());
        }
        if let Some(change) = &change {
            let row = async {
                let Changes { numbers, positions, kinds, people, streams, credentials } = &changes;
                let params: super::session::Params<'_> =
                    &[numbers, positions, kinds, people, streams, credentials];
                client.execute(change, params).await.map(drop)
            };
            sent.push(row.boxed());
        }
        if let Some(trim) = &trim {
            sent.push(async { client.execute(trim, &[&old]).await.map(drop) }.boxed());
        }
        if let Some(space) = &space {
            let row = async { client.execute(space, &[&position, &last, &at_ms]).await.map(drop) };
            sent.push(row.boxed());
        }
        sent.push(client.batch_execute("COMMIT").boxed());
        Ok(join_all(sent).await)
    });
    judge(session, answers)
}

/// The meaning of an error. A statement that the server refused makes its COMMIT a rollback. But once COMMIT is on its
/// way and the connection ends, nobody knows whether it arrived.
fn judge(
    session: &mut Session,
    answers: Result<Vec<Result<(), tokio_postgres::Error>>, StoreError>,
) -> Result<(), StoreError> {
    let unknown = |session: &mut Session, what: String| {
        session.drop_connection();
        Err(StoreError::Unknown(what))
    };
    let answers = match answers {
        Ok(answers) => answers,
        Err(e) => return unknown(session, e.to_string()),
    };
    let mut refused = None;
    for answer in answers {
        let Err(e) = answer else { continue };
        let lost = e.as_db_error().is_none_or(|told| {
            told.parsed_severity().is_none_or(|s| {
                use tokio_postgres::error::Severity;
                matches!(s, Severity::Fatal | Severity::Panic)
            })
        });
        if lost {
            return unknown(session, e.to_string());
        }
        refused.get_or_insert(e);
    }
    refused.map_or(Ok(()), |e| Err(e.into()))
}
