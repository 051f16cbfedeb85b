//! Simulated desks: many keep all promises, every fault happens, and every desk that is built wrongly is found.

use encke_sim::desk::{DeskReport, DeskVariant, run};

/// The number of desks that `cargo test` runs; `make sim` runs more.
const SEEDS: u64 = 300;
/// The number of desks within which a broken variant has to be found.
const FOUND_MAX: u64 = 100;

#[test]
fn a_ticket_has_one_owner_and_no_visitor_is_forgotten() {
    let mut counts = [0; 8];
    for seed in 1..=SEEDS {
        let report = run(seed, DeskVariant::Sound);
        assert_eq!(report.violation, None, "cargo run -p encke-sim -- --desk --seed {seed}");
        counts.iter_mut().zip(report.counts).for_each(|(sum, count)| *sum += count);
    }
    for (what, count) in DeskReport::COUNTED.iter().zip(counts) {
        assert!(count > 0, "nothing of this at {SEEDS} desks: {what}");
    }
}

#[test]
fn every_desk_that_is_built_wrongly_is_found() {
    for variant in DeskVariant::BROKEN {
        let breaks = |seed: &u64| {
            let found = run(*seed, variant).violation;
            found.is_some_and(|found| found.promise == variant.breaks())
        };
        let found = (1..=FOUND_MAX).find(breaks);
        println!("{variant:?} breaks {} at the desk of seed {found:?}", variant.breaks());
        assert!(found.is_some(), "{variant:?} is not found at {FOUND_MAX} desks");
    }
}

#[test]
fn a_seed_is_the_same_desk_each_time() {
    for seed in 1..=20 {
        assert_eq!(run(seed, DeskVariant::Sound), run(seed, DeskVariant::Sound));
    }
    assert_ne!(run(1, DeskVariant::Sound).fingerprint, run(2, DeskVariant::Sound).fingerprint);
}
