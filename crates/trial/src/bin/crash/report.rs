//! The printed figures of this test alone: how often the server went down, and how soon it was back.

use std::time::Duration;

use crate::play::Played;

/// Prints all figures. Returns whether everything held.
pub fn print(played: &Played) -> bool {
    println!(
        "went down        {} SIGKILL, {} SIGTERM in {:.0?}",
        played.kills, played.terms, played.took
    );
    println!(
        "start to ready   {} at most; SIGTERM to the end {} at most",
        ms(played.longest_start),
        ms(played.longest_down)
    );
    let readings = &played.brought.evidence.readings;
    let back = readings.iter().filter_map(|r| Some((r.longest_back?, &r.name))).max();
    if let Some(((back, transport), who)) = back {
        println!("start to back    {} at most: {who}, over {transport:?}", ms(back));
    }
    played.brought.print()
}

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
