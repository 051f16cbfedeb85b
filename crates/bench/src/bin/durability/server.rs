//! Rows in PostgreSQL.

use std::time::{Duration, Instant};

use anyhow::Result;
use encke_bench::procs::Server;
use encke_bench::stats::{Latency, report, round};
use postgres::{Client, NoTls};
use serde_json::json;

use crate::{BODY, CONVERSATIONS, Rows};

fn table(connection: &str) -> Result<Client> {
    let mut client = Client::connect(connection, NoTls)?;
    client.batch_execute(
        "DROP TABLE IF EXISTS message; CREATE TABLE message (conversation_id bigint NOT NULL,
           seq bigint NOT NULL, sender bigint NOT NULL, body text NOT NULL,
           created_at bigint NOT NULL, PRIMARY KEY (conversation_id, seq))",
    )?;
    Ok(client)
}

/// An INSERT of this many rows, and the numbers for it.
fn insert_text(rows: u64) -> String {
    let values: Vec<String> = (0..rows)
        .map(|i| format!("(${}, ${}, 42, ${}, 0)", i * 3 + 1, i * 3 + 2, i * 3 + 3))
        .collect();
    format!("INSERT INTO message VALUES {}", values.join(", "))
}

/// Commits for some time over one connection; returns rows and latencies.
fn insert_for(
    client: &mut Client,
    group: u64,
    first_conversation: i64,
    end: Instant,
) -> Result<(u64, Vec<u64>)> {
    let statement = client.prepare(&insert_text(group))?;
    let body = "x".repeat(BODY);
    let mut rows = Rows::default();
    let mut times = Vec::new();
    while Instant::now() < end {
        let numbers: Vec<(i64, i64)> = (0..group)
            .map(|_| rows.next())
            .map(|(conversation, seq)| (conversation + first_conversation, seq))
            .collect();
        let mut values: Vec<&(dyn postgres::types::ToSql + Sync)> = Vec::new();
        for (conversation, seq) in &numbers {
            values.extend([conversation as &(dyn postgres::types::ToSql + Sync), seq, &body]);
        }
        let at = Instant::now();
        client.execute(&statement, &values)?;
        times.push(at.elapsed().as_nanos() as u64);
    }
    Ok((rows.made, times))
}

pub fn measured(connection: &str, pid: u32, duration: f64) -> Result<()> {
    let server = Server::of_pids(&[pid]);
    for (connections, group) in [(1u64, 1u64), (32, 1), (1, 100), (4, 100)] {
        table(connection)?;
        let mut clients = (0..connections)
            .map(|_| Client::connect(connection, NoTls))
            .collect::<Result<Vec<_>, _>>()?;
        let cpu = server.cpu_ns();
        let start = Instant::now();
        let end = start + Duration::from_secs_f64(duration);
        let results: Vec<Result<(u64, Vec<u64>)>> = std::thread::scope(|scope| {
            let threads: Vec<_> = clients
                .iter_mut()
                .zip(0i64..)
                .map(|(c, i)| {
                    scope.spawn(move || insert_for(c, group, i * CONVERSATIONS as i64, end))
                })
                .collect();
            threads.into_iter().map(|t| t.join().expect("no panic")).collect()
        });
        let took = start.elapsed().as_secs_f64();
        let used = (server.cpu_ns() - cpu) as f64 / 1e3;
        let mut latency = Latency::default();
        let (mut rows, mut commits) = (0, 0);
        for result in results {
            let (made, times) = result?;
            rows += made;
            commits += times.len();
            times.into_iter().for_each(|ns| latency.record(ns));
        }
        let fields = json!({
            "rows_per_s": round(rows as f64 / took, 0),
            "commits_per_s": round(commits as f64 / took, 0),
            "cpu_us_per_row": round(used / rows as f64, 2),
            "commit_ms": latency.summary(),
        });
        report("durable", &format!("PostgreSQL, {connections} conn, {group} a commit"), fields);
    }
    Ok(())
}
