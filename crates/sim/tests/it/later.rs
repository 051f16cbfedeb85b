//! Simulated plans: many worlds send each message once, every fault happens, and every wrong way is found.

use encke_sim::later::{LaterReport, LaterVariant, run};

/// The number of worlds that `cargo test` runs; `make sim` runs more.
const SEEDS: u64 = 300;
/// The number of worlds within which a broken variant has to be found.
const FOUND_MAX: u64 = 100;

#[test]
fn a_planned_message_is_sent_once_also_when_its_node_dies() {
    let mut counts = [0; 6];
    for seed in 1..=SEEDS {
        let report = run(seed, LaterVariant::Sound);
        assert_eq!(report.violation, None, "cargo run -p encke-sim -- --later --seed {seed}");
        counts.iter_mut().zip(report.counts).for_each(|(sum, count)| *sum += count);
    }
    for (what, count) in LaterReport::COUNTED.iter().zip(counts) {
        assert!(count > 0, "nothing of this in {SEEDS} worlds: {what}");
    }
}

#[test]
fn every_wrong_way_to_send_later_is_found() {
    for variant in LaterVariant::BROKEN {
        let breaks = |seed: &u64| {
            let found = run(*seed, variant).violation;
            found.is_some_and(|found| found.promise == variant.breaks())
        };
        let found = (1..=FOUND_MAX).find(breaks);
        println!("{variant:?} breaks {} in the world of seed {found:?}", variant.breaks());
        assert!(found.is_some(), "{variant:?} is not found in {FOUND_MAX} worlds");
    }
}

#[test]
fn a_seed_is_the_same_world_of_plans_each_time() {
    for seed in 1..=20 {
        assert_eq!(run(seed, LaterVariant::Sound), run(seed, LaterVariant::Sound));
    }
}
