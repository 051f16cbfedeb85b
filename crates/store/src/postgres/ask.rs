//! The questions of a batch of appends, asked at once.

use encke_engine::append::{Appended, FirstAppend, Following, Guard, Head};
use encke_engine::transaction::Key;
use encke_engine::{Epoch, Point, Position, Seq, StreamId};
use futures_util::future::join5;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::log::number;
use super::session::Session;
use crate::append::Append;
use crate::error::StoreError;

/// The questions of some appends.
#[derive(Default)]
pub(super) struct Questions {
    pub keys: Vec<Key>,
    pub streams: Vec<i64>,
    pub follows: Vec<(i64, i64)>,
}

impl Questions {
    pub fn add(&mut self, append: &Append) {
        let event = &append.event;
        self.streams.push(event.stream.raw() as i64);
        if let Some(key) = &event.key {
            self.keys.push((event.from, key.clone()));
        }
        if let Guard::Follows(person) = append.guard {
            self.follows.push((person.0 as i64, event.stream.route().raw() as i64));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.streams.is_empty() && self.follows.is_empty()
    }
}

/// The space's row, read when it is this transaction's turn.
pub(super) struct SpaceTurn {
    pub at: Point,
    pub at_ms: u64,
    pub epoch: Epoch,
    /// The newest event that erased others.
    pub erased: Position,
}

/// The answers, each in the order of its questions.
pub(super) struct Answers {
    pub turn: Option<SpaceTurn>,
    pub keys: Vec<Option<FirstAppend>>,
    pub heads: Vec<Head>,
    pub follows: Vec<Following>,
}

const TURN: &str = "SELECT position, change, at_ms, epoch, erased FROM space FOR UPDATE";
// OFFSET 0 keeps each of these one look into the index, even if the planner misjudges the table's size.
const KEYS: &str = "SELECT u.n, l.position, l.stream, l.seq, l.at_ms, l.kind, l.body
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS u (idem, author, n)
    CROSS JOIN LATERAL (SELECT * FROM log WHERE log.idem = u.idem
        AND log.author IS NOT DISTINCT FROM u.author AND log.at_ms >= $3 OFFSET 0) l
    ORDER BY u.n, l.position";
const HEADS: &str = "SELECT u.n, l.seq, l.position
    FROM unnest($1::bigint[]) WITH ORDINALITY AS u (stream, n)
    CROSS JOIN LATERAL (SELECT seq, position FROM log WHERE log.stream = u.stream
        ORDER BY seq DESC LIMIT 1) l";
const FOLLOWS: &str = "SELECT u.n,
        (SELECT count(*) FROM reserved r WHERE r.stream = u.stream AND r.person IN (0, u.person))
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u (person, stream, n)
    CROSS JOIN LATERAL (SELECT 1 FROM follow f WHERE f.person = u.person AND f.stream = u.stream OFFSET 0) f";

type Rows = Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>;

async fn rows(
    client: &Client,
    statement: &Option<Statement>,
    params: &[&(dyn ToSql + Sync)],
) -> Rows {
    match statement {
        Some(statement) => client.query(statement, params).await,
        None => Ok(Vec::new()),
    }
}

/// Asks all questions in one round trip. With `turn` it waits for the space's row and locks it first. Every statement
/// sees all commits from before it began, so the statements after the lock see all commits that were made under it.
pub(super) fn ask(
    session: &mut Session,
    turn: bool,
    wanted: &Questions,
    oldest_ms: u64,
) -> Result<Answers, StoreError> {
    let mut statement = |needed: bool, sql| needed.then(|| session.statement(sql)).transpose();
    let turn = statement(turn, TURN)?;
    let keys = statement(!wanted.keys.is_empty(), KEYS)?;
    let heads = statement(!wanted.streams.is_empty(), HEADS)?;
    let follows = statement(!wanted.follows.is_empty(), FOLLOWS)?;
    let ahead = session.take_ahead();
    let texts: Vec<&str> = wanted.keys.iter().map(|(_, key)| &**key).collect();
    let authors: Vec<Option<i64>> =
        wanted.keys.iter().map(|(author, _)| author.map(|p| p.0 as i64)).collect();
    let (people, streams): (Vec<i64>, Vec<i64>) = wanted.follows.iter().copied().unzip();
    let oldest = oldest_ms as i64;
    let answers = session.wait(async |client| {
        let sent =
            async { if ahead.is_empty() { Ok(()) } else { client.batch_execute(&ahead).await } };
        let (sent, turn, keys, heads, follows) = join5(
            sent,
            rows(client, &turn, &[]),
            rows(client, &keys, &[&texts, &authors, &oldest]),
            rows(client, &heads, &[&wanted.streams]),
            rows(client, &follows, &[&people, &streams]),
        )
        .await;
        sent?;
        Ok((turn?, keys?, heads?, follows?))
    })?;
    let mut found = Answers {
        turn: answers.0.first().map(turn_of).transpose()?,
        keys: wanted.keys.iter().map(|_| None).collect(),
        heads: vec![Head::default(); wanted.streams.len()],
        follows: vec![Following::No; wanted.follows.len()],
    };
    for row in answers.1 {
        // The newest append comes last.
        found.keys[place(&row)?] = Some(first_of(&row)?);
    }
    for row in answers.2 {
        let head = Head { seq: Seq(number(&row, 1)?), position: Position(number(&row, 2)?) };
        found.heads[place(&row)?] = head;
    }
    for row in answers.3 {
        found.follows[place(&row)?] = crate::reserved::of_count(number(&row, 1)?);
    }
    Ok(found)
}

/// Ordinality counts from 1.
fn place(row: &tokio_postgres::Row) -> Result<usize, StoreError> {
    Ok(number(row, 0)? as usize - 1)
}

fn turn_of(row: &tokio_postgres::Row) -> Result<SpaceTurn, StoreError> {
    let at = Point { position: Position(number(row, 0)?), change: number(row, 1)? };
    let (epoch, erased) = (Epoch(number(row, 3)?), Position(number(row, 4)?));
    Ok(SpaceTurn { at, at_ms: number(row, 2)?, epoch, erased })
}

fn first_of(row: &tokio_postgres::Row) -> Result<FirstAppend, StoreError> {
    let (position, seq) = (Position(number(row, 1)?), Seq(number(row, 3)?));
    Ok(FirstAppend {
        stream: StreamId::from_raw(number(row, 2)?),
        kind: row.try_get(5)?,
        body: row.try_get::<_, Vec<u8>>(6)?.into(),
        appended: Appended { position, seq, at_ms: number(row, 4)?, repeated: false },
    })
}
