//! Delays of messages to classic pages.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use encke_bench::stats::{Latency, report, round};
use encke_bench::sys;
use serde_json::json;

use super::Common;
use super::page::{self, Page, System, Wire};

#[derive(clap::Args, Clone)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// Pages that receive
    #[arg(long, default_value_t = 1)]
    receivers: usize,
    /// Messages
    #[arg(long, default_value_t = 100)]
    messages: u64,
    /// Milliseconds between two messages, on average; 0 for a burst
    #[arg(long, default_value_t = 300)]
    gap: u64,
}

/// The mark around the time of sending in a text.
const MARK: &str = "at.";

/// A message that a receiver saw, and when.
struct Seen {
    sent_ns: u64,
    at_ns: u64,
}

/// The times of sending in an answer.
fn times(body: &str, last_sent: &AtomicU64, system: System) -> Vec<u64> {
    if system == System::Novcomet {
        // This answer says only that something changed.
        let changed = body.starts_with("{\"s\":1");
        return changed.then(|| last_sent.load(Ordering::SeqCst)).into_iter().collect();
    }
    let digits = |rest: &str| rest.split_once('.').and_then(|(ns, _)| ns.parse().ok());
    body.split(MARK).skip(1).filter_map(digits).collect()
}

fn receive(mut page: Page, common: Common, last: Arc<AtomicU64>, seen: Sender<Seen>) -> Result<()> {
    let system = page.system;
    let mut wire = Wire::new(common.addr);
    let note = |body: &str| {
        let at_ns = sys::now_ns();
        times(body, &last, system)
            .into_iter()
            .all(|sent_ns| seen.send(Seen { sent_ns, at_ns }).is_ok())
    };
    if page.system == System::KefuAgent {
        let stream = wire.ask(&page.poll())?;
        page::head(stream)?;
        for line in stream.lines() {
            if !note(&line?) {
                break;
            }
        }
        return Ok(());
    }
    loop {
        let body = wire.answer(&page.poll())?;
        if !note(&body) {
            return Ok(());
        }
        page.take(&body);
        sleep(page.rest());
    }
}

fn collect(from: &Receiver<Seen>, wanted: u64, latency: &mut Latency) -> u64 {
    let mut count = 0;
    while count < wanted {
        let Ok(seen) = from.recv_timeout(Duration::from_secs(5)) else { break };
        latency.record(seen.at_ns.saturating_sub(seen.sent_ns));
        count += 1;
    }
    count
}

pub fn run(args: &Args) -> Result<()> {
    let common = &args.common;
    let system = common.system;
    let server = common.start()?;
    let cookie = match system {
        System::Room => page::enter(common.addr, "mei")?,
        _ => String::new(),
    };
    let pages: Vec<Page> = (0..args.receivers).map(|n| Page::new(system, n, &cookie)).collect();
    let (tell, seen) = channel();
    let last = Arc::new(AtomicU64::new(0));
    for page in &pages {
        let (page, common, last, tell) = (page.clone(), common.clone(), last.clone(), tell.clone());
        thread::spawn(move || receive(page, common, last, tell));
    }
    let patience = Instant::now() + Duration::from_secs(20);
    while page::waiting(common.addr)? < args.receivers as u64 {
        ensure!(Instant::now() < patience, "the pages do not wait");
        sleep(Duration::from_millis(20));
    }
    let mut wire = Wire::new(common.addr);
    let to: &[Page] = if system.is_private() { &pages } else { &pages[..1] };
    let begun = Instant::now();
    for n in 0..args.messages {
        for page in to {
            let now = sys::now_ns();
            last.store(now, Ordering::SeqCst);
            wire.answer(&page.send(&format!("{MARK}{now}.")))?;
        }
        // The pause is between half and one and a half of the gap, so that it does not keep step with the pages' own
        // pauses.
        let mixed = (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % args.gap.max(1);
        sleep(Duration::from_millis(if args.gap == 0 { 0 } else { args.gap / 2 + mixed }));
    }
    // A frame's message goes to one page, every other message to all.
    let copies = if system == System::KefuAgent { 1 } else { args.receivers as u64 };
    let mut latency = Latency::default();
    let wanted = args.messages * copies;
    let got = collect(&seen, wanted, &mut latency);
    let fields = json!({
        "receivers": args.receivers,
        "messages": args.messages,
        "delay_ms": latency.summary(),
        "lost": wanted - got,
        "took_s": round(begun.elapsed().as_secs_f64(), 2),
    });
    report("delay", system.name(), fields);
    drop(server);
    Ok(())
}
