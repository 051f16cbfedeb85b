//! Fuzzing on stable tools: inputs are made at random from a corpus, and each goes to a check that must not panic.
//!
//! Entry point: [`run`]. The targets call it from ordinary tests beside the code that they drive, so that they can use
//! private items. A target's corpus is the folder `fuzz/corpus/TARGET`. Every file in it is tried first, so an input
//! that once broke something stays a test. `cargo test` tries a fixed number of inputs from a fixed seed. `make fuzz`
//! runs for a given time, from a new seed each time, and leaves its findings in `target/fuzz`.
//!
//! Never here: instrumentation. No coverage guides the inputs, only the corpus and the words of a target.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

/// The greatest length of an input, in bytes.
const INPUT_BYTES_MAX: usize = 96 * 1024;
/// The number of inputs that a test tries if no time is given.
const INPUTS: usize = 4_000;
/// The number of changes that make one input out of another, at most.
const CHANGES_MAX: u64 = 6;

/// Tries the corpus of a target, and random changes of it. `words` are pieces of the target's language.
///
/// # Panics
/// If the check does. The input is kept in `target/fuzz` before.
pub fn run(target: &str, words: &[&[u8]], check: impl Fn(&[u8])) {
    let corpus = corpus(target);
    for (name, input) in &corpus {
        tried(target, input, &check, &format!("fuzz/corpus/{target}/{name}"));
    }
    let time = env::var("ENCKE_FUZZ_S").ok().and_then(|s| s.parse().ok()).map(Duration::from_secs);
    let mut chance =
        Chance(if time.is_some() { RandomState::new().build_hasher().finish() } else { 1 });
    let begun = Instant::now();
    for number in 0.. {
        let is_over = match time {
            Some(time) => begun.elapsed() >= time,
            None => number >= INPUTS,
        };
        if is_over {
            return;
        }
        let input = chance.input(&corpus, words);
        tried(target, &input, &check, "made by chance");
    }
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}: give the target a corpus", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, fs::read(&path).expect("a file of the corpus"))
    };
    files.into_iter().map(read).collect()
}

fn tried(target: &str, input: &[u8], check: &impl Fn(&[u8]), from: &str) {
    let Err(panicked) = catch_unwind(AssertUnwindSafe(|| check(input))) else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
    let number = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let file = folder.join(format!("{target}-{number:016x}"));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input));
    eprintln!(
        "the target {target} breaks on an input of {} bytes ({from}), kept in {}: {kept:?}. Mend the code, and move \
         the file to fuzz/corpus/{target} so that it stays a test",
        input.len(),
        file.display()
    );
    resume_unwind(panicked);
}

/// Random numbers by xorshift64*, which is good enough to make inputs.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = if self.0 == 0 { 1 } else { self.0 };
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below this one; 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16).checked_rem(end as u64).unwrap_or(0) as usize
    }

    fn input(&mut self, corpus: &[(String, Vec<u8>)], words: &[&[u8]]) -> Vec<u8> {
        let from = self.below(corpus.len());
        let mut input = corpus.get(from).map(|(_, bytes)| bytes.clone()).unwrap_or_default();
        for _ in 0..=self.next() % CHANGES_MAX {
            self.change(&mut input, corpus, words);
        }
        input.truncate(INPUT_BYTES_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[(String, Vec<u8>)], words: &[&[u8]]) {
        let at = self.below(input.len() + 1);
        let end = at + self.below((input.len() - at).min(64) + 1);
        match self.next() % 9 {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let piece = input[at..end].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            3 => {
                let byte = self.next() as u8;
                input.insert(at, byte);
            }
            4 if at < input.len() => input[at] ^= 1 << self.below(8),
            5 if at < input.len() => input[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
            6 => {
                // The change inserts a piece of another input.
                let other = self.below(corpus.len());
                if let Some((_, other)) = corpus.get(other) {
                    let begin = self.below(other.len() + 1);
                    input.splice(at.., other[begin..].iter().copied());
                }
            }
            7 => {
                // The same piece comes many times, for targets that count or grow.
                let piece = input[at..end].repeat(self.below(200));
                input.splice(at..at, piece);
            }
            _ => {
                let word = self.below(words.len());
                let word = words.get(word).copied().unwrap_or_default();
                input.splice(at..end, word.iter().copied());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_corpus_is_tried_first_and_chance_is_the_same_each_time() {
        let tried = || {
            let seen = RefCell::new(Vec::new());
            run("cursor", &[b"word"], |input| seen.borrow_mut().push(input.to_vec()));
            seen.into_inner()
        };
        let seen = tried();
        let corpus = corpus("cursor");
        assert_eq!(seen.len(), corpus.len() + INPUTS);
        assert!(corpus.iter().zip(&seen).all(|((_, file), input)| file == input));
        assert!(seen.iter().any(|input| input.windows(4).any(|four| four == b"word")));
        assert_eq!(seen, tried());
    }

    #[test]
    fn an_input_that_breaks_is_kept() {
        let found = catch_unwind(|| run("cursor", &[], |input| assert!(!input.contains(&0xff))));
        assert!(found.is_err());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
        let kept = fs::read_dir(folder).unwrap().filter_map(Result::ok);
        assert!(
            kept.filter(|file| file.file_name().to_string_lossy().starts_with("cursor-"))
                .any(|file| fs::read(file.path()).unwrap().contains(&0xff))
        );
    }
}
