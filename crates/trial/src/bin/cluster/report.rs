//! The printed figures of a cluster test.

use std::time::Duration;

use encke_trial::report::Judgement;

use crate::play::Played;

/// Prints all figures.
pub fn print(played: &Played) -> Judgement {
    println!(
        "| what is wrong | times | delay from node to node, median | 99 % | longest | back after |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let struck = played.back.keys().map(|fault| Some(*fault));
    for fault in [None].into_iter().chain(struck) {
        let delays = played.delays.get(&fault).map_or(&[][..], Vec::as_slice);
        let at = |percent: usize| {
            let place = (delays.len() * percent / 100).min(delays.len().saturating_sub(1));
            ms(delays.get(place).copied())
        };
        let (times, back) = match fault.and_then(|f| played.back.get(&f)) {
            Some((times, back)) => (times.to_string(), ms(Some(*back))),
            None => (String::new(), String::new()),
        };
        let name = fault.map_or("nothing", |f| f.name());
        println!("| {name} | {times} | {} | {} | {} | {back} |", at(50), at(99), at(100));
    }
    println!();
    println!("took             {:.0?}", played.took);
    println!("hints lost       {} by the relay", played.dropped);
    println!(
        "forged           {} messages on the bus, and {} of nodes said again; refused at least {} as forged, {} as old or repeated",
        played.published.forged,
        played.published.replayed,
        played.refusals.of("forged"),
        played.refusals.of("stale")
    );
    println!(
        "sign-outs        {} reached all nodes, after {} at most",
        played.revoked.len(),
        longest(&played.revoked)
    );
    println!(
        "by looking       {} events reached all nodes without hints and without other news, after {} at most",
        played.looked.len(),
        longest(&played.looked)
    );
    println!(
        "cut off          {} times a node without its database refused a send, after {} at most",
        played.noticed.len(),
        longest(&played.noticed)
    );
    played.desk.print();
    played.brought.print()
}

fn longest(all: &[Duration]) -> String {
    ms(all.iter().max().copied())
}

fn ms(time: Option<Duration>) -> String {
    time.map_or("-".into(), |time| format!("{} ms", time.as_millis()))
}
