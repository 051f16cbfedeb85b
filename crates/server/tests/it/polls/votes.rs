//! Votes that come at once: of several people, from several devices, to several nodes, while the poll is closed.

use std::collections::BTreeMap;
use std::thread;

use serde_json::json;

use super::{free_site, refusal, refused};
use crate::cluster::Cluster;
use crate::harness::{Dice, Person, Site};

/// The votes of several devices of several people, in any order, come to what each person has said last.
#[test]
fn counts_are_what_everybody_has_said_last() {
    let site = free_site();
    let mut ann = site.person("ann");
    let mut people: Vec<Person> = (0..4).map(|_| site.person("voter")).collect();
    let room = ann.room(&people.iter().collect::<Vec<_>>());
    for seed in 1..=4 {
        let mut dice = Dice::new(seed);
        let seq = ann.poll(&room, json!({"multiple": true, "anonymous": seed % 2 == 0}));
        let mut said: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for _ in 0..40 {
            let who = dice.roll(people.len() as u64) as usize;
            let options: Vec<u64> = (0..3).filter(|_| dice.roll(2) == 0).collect();
            people[who].vote(&room, seq, &options).is(204);
            said.insert(who, options);
        }
        let counts = [0, 1, 2].map(|option| said.values().filter(|v| v.contains(&option)).count());
        let voters = said.values().filter(|options| !options.is_empty()).count();
        for (who, person) in people.iter_mut().enumerate() {
            let mine = said.get(&who).cloned().unwrap_or_default();
            let result = json!({"counts": counts, "voters": voters, "mine": mine});
            assert_eq!(person.result(&room, seq), result, "seed {seed}");
        }
    }
}

fn voted_at_once(a: &Site, b: &Site) {
    let mut ann = a.person("ann");
    let people: Vec<Person> = (0..4).map(|_| a.person("voter")).collect();
    let room = ann.room(&people.iter().collect::<Vec<_>>());
    let seq = ann.poll(&room, json!({"multiple": true}));
    // Two devices of each person, at two nodes, say different things again and again.
    let mut devices: Vec<Person> =
        people.iter().flat_map(|person| [person.clone(), person.at(b)]).collect();
    thread::scope(|scope| {
        for (number, device) in devices.iter_mut().enumerate() {
            let room = &room;
            scope.spawn(move || {
                for turn in 0..6 {
                    let options = [[0, 1], [1, 2]][(number + turn) % 2];
                    device.vote(room, seq, &options).is(204);
                }
            });
        }
    });
    let result = ann.result(&room, seq);
    let mut counts = [0; 3];
    for device in &mut devices {
        let mine = device.result(&room, seq)["mine"].as_array().unwrap().clone();
        assert_eq!(mine.len(), 2);
        mine.iter().for_each(|option| counts[option.as_u64().unwrap() as usize] += 1);
    }
    // Each person has two devices, and both have seen the same.
    assert_eq!(json!(counts.map(|count| count / 2)), result["counts"]);
    assert_eq!(result["voters"], people.len());
    for option in 0..3 {
        let voters = ann.all_voters(&room, seq, option, 3).len();
        assert_eq!(result["counts"][option as usize], voters);
    }
}

/// A vote and the close race: whatever was taken is counted, and nothing is taken behind the close.
fn raced_with_the_close(a: &Site, b: &Site) {
    let mut ann = a.person("ann");
    let people: Vec<Person> = (0..6).map(|_| a.person("voter")).collect();
    let room = ann.room(&people.iter().collect::<Vec<_>>());
    for _ in 0..4 {
        let seq = ann.poll(&room, json!({}));
        let mut closing = ann.at(b);
        let taken: Vec<bool> = thread::scope(|scope| {
            let (room, votes) = (&room, people.iter().enumerate());
            let votes: Vec<_> = votes
                .map(|(number, person)| {
                    let mut device = if number % 2 == 0 { person.clone() } else { person.at(b) };
                    scope.spawn(move || match device.vote(room, seq, &[number as u64 % 3]) {
                        answer if answer.status == 204 => true,
                        answer => {
                            assert_eq!(refused(answer), refusal(409, "conflict"));
                            false
                        }
                    })
                })
                .collect();
            let closed = scope.spawn(move || closing.close(room, seq).is(204));
            let taken = votes.into_iter().map(|vote| vote.join().unwrap()).collect();
            closed.join().unwrap();
            taken
        });
        let result = ann.result(&room, seq);
        let counted = taken.iter().filter(|taken| **taken).count();
        assert_eq!(result["voters"], counted);
        let sum: u64 =
            result["counts"].as_array().unwrap().iter().map(|c| c.as_u64().unwrap()).sum();
        assert_eq!((sum, result["closed_at"].is_u64()), (counted as u64, true));
    }
}

#[test]
fn votes_at_once_count_each_person_once() {
    let site = free_site();
    voted_at_once(&site, &site);
    raced_with_the_close(&site, &site);
}

#[test]
fn votes_on_two_nodes_at_once_count_each_person_once() {
    let cluster = Cluster::with_bus_and(2, &["--quota-member", "off"]);
    let (a, b) = cluster.two();
    voted_at_once(a, b);
    raced_with_the_close(a, b);
}
