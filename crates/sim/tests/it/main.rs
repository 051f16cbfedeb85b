//! The simulation's own tests: many worlds keep all promises, every fault happens in some of them, every broken variant
//! is found, and a seed is the same world each time.

mod desk;
mod later;

use std::collections::BTreeSet;
use std::process::Command;

use encke_sim::{Figures, Report, Variant, run};

/// The number of worlds that `cargo test` runs; `make sim` runs more.
const SEEDS: u64 = 1_000;
/// The number of worlds within which a broken variant has to be found.
const FOUND_MAX: u64 = 120;

#[test]
fn all_promises_are_kept_and_every_fault_happens() {
    let mut figures = Figures::default();
    for seed in 1..=SEEDS {
        let Report { figures: counted, violation, .. } = run(seed, Variant::Sound, false);
        assert_eq!(violation, None, "cargo run -p encke-sim -- --seed {seed}");
        figures += counted;
    }
    for (what, count) in figures.all() {
        assert!(count > 0, "nothing of this in {SEEDS} worlds: {what}");
    }
}

#[test]
fn every_broken_variant_is_found_by_the_promise_that_it_breaks() {
    for variant in Variant::BROKEN {
        let breaks = |seed: &u64| {
            let violation = run(*seed, variant, false).violation;
            violation.is_some_and(|found| found.promise == variant.breaks())
        };
        let found = (1..=FOUND_MAX).find(breaks);
        println!("{variant:?} breaks {} in the world of seed {found:?}", variant.breaks());
        assert!(found.is_some(), "{variant:?} is not found in {FOUND_MAX} worlds");
    }
}

#[test]
fn a_writer_of_commits_on_the_bus_can_not_give_or_take_a_right() {
    for seed in 1..=SEEDS / 2 {
        let violation = run(seed, Variant::NoSeal, false).violation;
        let taken = violation.is_some_and(|found| found.promise == "P7");
        assert!(!taken, "cargo run -p encke-sim -- --variant no-seal --seed {seed}");
    }
}

#[test]
fn a_seed_is_the_same_world_each_time() {
    let mut worlds = BTreeSet::new();
    for variant in [Variant::Sound, Variant::CheckBeforeRegister] {
        for seed in 1..=20 {
            let told = run(seed, variant, true);
            assert_eq!(told, run(seed, variant, true));
            let silent = Report { trace: Vec::new(), ..told };
            assert_eq!(silent, run(seed, variant, false), "to be watched changes nothing");
            worlds.insert(silent.fingerprint);
        }
    }
    assert!(worlds.len() > 20, "different seeds are different worlds");
}

#[test]
fn a_failing_seed_fails_in_the_same_way_in_another_process() {
    let variant = Variant::CheckBeforeRegister;
    let failed = |seed: &u64| run(*seed, variant, false).violation.is_some();
    let seed = (1..=FOUND_MAX).find(failed).expect("it is found");
    let report = run(seed, variant, true);
    let replay = Command::new(env!("CARGO_BIN_EXE_encke-sim"))
        .args(["--seed", &seed.to_string(), "--variant", "check-before-register"])
        .output()
        .unwrap();
    let text = String::from_utf8(replay.stdout).unwrap();
    let trace = report.trace.join("\n");
    assert_eq!(replay.status.code(), Some(1));
    assert!(text.starts_with(&trace), "another world: {text}");
    assert!(text.contains(&format!("fingerprint {:016x}", report.fingerprint)), "{text}");
}
