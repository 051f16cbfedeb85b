//! The printed figures of this test alone: how often the server went down, and how soon it was back.

use std::time::Duration;

use encke_trial::report::Judgement;

use crate::play::Played;

/// Prints all figures.
pub fn print(played: &Played) -> Judgement {
    println!(
        "went down        {} SIGKILL, {} SIGTERM, {} with a loss of power, in {:.0?}",
        played.kills, played.terms, played.power_losses, played.took
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
    played.desk.print();
    played.brought.print()
}

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
