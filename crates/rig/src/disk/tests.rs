use proptest::collection::vec;
use proptest::prelude::*;

use super::{Disk, Image, Record, SECTOR_BYTES, records};

const SECTOR: usize = SECTOR_BYTES as usize;
/// Sectors of a file in these tests.
const SECTORS: usize = 8;
const NAMES: [&str; 2] = ["log", "table"];

/// An act of a process, in whole sectors.
#[derive(Clone, Debug)]
enum Act {
    Write {
        file: usize,
        sector: usize,
        sectors: usize,
    },
    Cut {
        file: usize,
        sectors: usize,
    },
    SyncBegins {
        file: usize,
    },
    /// One of those under way ends, the oldest or not.
    SyncEnds {
        which: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let file = 0..NAMES.len();
    prop_oneof![
        4 => (file.clone(), 0..SECTORS, 1..4_usize)
            .prop_map(|(file, sector, sectors)| Act::Write { file, sector, sectors }),
        1 => (file.clone(), 0..SECTORS).prop_map(|(file, sectors)| Act::Cut { file, sectors }),
        2 => file.prop_map(|file| Act::SyncBegins { file }),
        2 => (0..4_usize).prop_map(|which| Act::SyncEnds { which }),
    ]
}

/// All states that each file has had, and the newest of them that is certainly durable.
struct History {
    states: Vec<Vec<u8>>,
    durable: usize,
}

impl History {
    fn sector(state: &[u8], sector: usize) -> [u8; SECTOR] {
        let mut found = [0; SECTOR];
        let from = (sector * SECTOR).min(state.len());
        let to = (from + SECTOR).min(state.len());
        found[..to - from].copy_from_slice(&state[from..to]);
        found
    }

    fn now(&self) -> Vec<u8> {
        self.states.last().cloned().unwrap_or_default()
    }
}

fn begin() -> (Disk, Vec<History>) {
    let whole = vec![0xff; 3 * SECTOR];
    let image: Image = NAMES.iter().map(|name| ((*name).to_owned(), whole.clone())).collect();
    let history = |_: &&str| History { states: vec![whole.clone()], durable: 0 };
    (Disk::holding(image), NAMES.iter().map(history).collect())
}

/// Lets the disk and the histories go through these acts.
fn go_through(acts: &[Act], disk: &mut Disk, histories: &mut [History]) {
    let mut under_way: Vec<(u64, usize, usize)> = Vec::new();
    for (number, act) in (1_u64..).zip(acts) {
        let record = match act.clone() {
            Act::Write { file, sector, sectors } => {
                let (at, bytes) = (sector * SECTOR, vec![number as u8; sectors * SECTOR]);
                let mut state = histories[file].now();
                state.resize(state.len().max(at + bytes.len()), 0);
                state[at..at + bytes.len()].copy_from_slice(&bytes);
                histories[file].states.push(state);
                Record::Write { name: NAMES[file].into(), at: at as u64, bytes }
            }
            Act::Cut { file, sectors } => {
                let mut state = histories[file].now();
                state.resize(sectors * SECTOR, 0);
                histories[file].states.push(state);
                Record::Cut { name: NAMES[file].into(), length: (sectors * SECTOR) as u64 }
            }
            Act::SyncBegins { file } => {
                under_way.push((number, file, histories[file].states.len() - 1));
                Record::SyncBegan { number, name: Some(NAMES[file].into()) }
            }
            Act::SyncEnds { .. } if under_way.is_empty() => continue,
            Act::SyncEnds { which } => {
                let (number, file, state) = under_way.remove(which % under_way.len());
                histories[file].durable = histories[file].durable.max(state);
                Record::SyncEnded { number }
            }
        };
        disk.follow(record).unwrap();
    }
}

/// Chance from a seed.
fn chance(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |end| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % end
    }
}

proptest! {
    #[test]
    fn after_a_loss_of_power_each_sector_is_as_it_was_when_it_was_synced_or_later(
        acts in vec(act(), 0..40),
        seed: u64,
    ) {
        let (mut disk, mut histories) = begin();
        go_through(&acts, &mut disk, &mut histories);
        let left = disk.without_power(&mut chance(seed));
        for (name, history) in NAMES.iter().zip(&histories) {
            prop_assert_eq!(disk.seen()[*name].clone(), history.now());
            for sector in 0..2 * SECTORS {
                let found = History::sector(&left[*name], sector);
                let mut since = history.states[history.durable..].iter();
                let is_one = since.any(|state| History::sector(state, sector) == found);
                prop_assert!(is_one, "sector {} of {} is {}", sector, name, found[0]);
            }
        }
    }

    #[test]
    fn a_list_of_records_reads_as_it_was_written_and_a_torn_end_is_left_out(
        acts in vec(act(), 1..20),
        torn in 1..5_usize,
    ) {
        let written: Vec<Record> = acts.iter().map(|act| match act {
            Act::Write { file, sector, .. } => {
                Record::Write { name: NAMES[*file].into(), at: 7, bytes: vec![1; *sector] }
            }
            Act::Cut { sectors: 0, .. } => Record::Create { name: "new".into() },
            Act::Cut { sectors: 1, .. } => Record::Remove { name: "old".into() },
            Act::Cut { sectors: 2, .. } => Record::Rename { from: "a".into(), to: "b".into() },
            Act::Cut { sectors, .. } => Record::Cut { name: "c".into(), length: *sectors as u64 },
            Act::SyncBegins { file: 0 } => Record::SyncBegan { number: u64::MAX, name: None },
            Act::SyncBegins { .. } => Record::SyncBegan { number: 2, name: Some("d".into()) },
            Act::SyncEnds { which } => Record::SyncEnded { number: *which as u64 },
        }).collect();
        let list: Vec<u8> = written.iter().flat_map(Record::encoded).collect();
        prop_assert_eq!(records(&list), Ok(written.clone()));
        let cut = &list[..list.len() - torn];
        prop_assert_eq!(records(cut), Ok(written[..written.len() - 1].to_vec()));
    }
}

/// All that may be left of these records, over many losses of power.
fn left_of(records: &[Record]) -> Vec<Image> {
    let mut disk = Disk::holding(Image::new());
    records.iter().for_each(|record| disk.follow(record.clone()).unwrap());
    let mut all: Vec<Image> = (0..2_000).map(|n| disk.without_power(&mut chance(n))).collect();
    all.sort();
    all.dedup();
    all
}

fn image(files: &[(&str, &str)]) -> Image {
    files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

fn made(name: &str, text: &str) -> Vec<Record> {
    let write = Record::Write { name: name.into(), at: 0, bytes: text.into() };
    vec![Record::Create { name: name.into() }, write]
}

fn synced(number: u64, name: Option<&str>) -> [Record; 2] {
    let name = name.map(str::to_owned);
    [Record::SyncBegan { number, name }, Record::SyncEnded { number }]
}

#[test]
fn a_synced_file_without_a_synced_name_may_be_gone() {
    let mut list = made("log", "text");
    list.extend(synced(1, Some("log")));
    assert_eq!(left_of(&list), [image(&[]), image(&[("log", "text")])]);
    list.extend(synced(2, None));
    assert_eq!(left_of(&list), [image(&[("log", "text")])]);
}

#[test]
fn a_synced_name_may_stand_for_an_unsynced_file() {
    let mut list = made("part", "text");
    list.push(Record::Rename { from: "part".into(), to: "whole".into() });
    list.extend(synced(1, None));
    assert_eq!(left_of(&list), [image(&[("whole", "")]), image(&[("whole", "text")])]);
    list.extend(synced(2, Some("whole")));
    assert_eq!(left_of(&list), [image(&[("whole", "text")])]);
}

#[test]
fn a_name_that_goes_may_come_back_until_the_folder_is_synced() {
    let mut list = made("old", "text");
    list.extend(synced(1, Some("old")));
    list.extend(synced(2, None));
    list.push(Record::Remove { name: "old".into() });
    assert_eq!(left_of(&list), [image(&[]), image(&[("old", "text")])]);
    list.extend(synced(3, None));
    assert_eq!(left_of(&list), [image(&[])]);
}

#[test]
fn a_sync_keeps_nothing_that_was_written_after_it_began() {
    let mut disk = Disk::holding(image(&[("log", "")]));
    let write = |at, text: &str| Record::Write { name: "log".into(), at, bytes: text.into() };
    let [began, ended] = synced(1, Some("log"));
    for record in [write(0, "before"), began, write(6, " after"), ended] {
        disk.follow(record).unwrap();
    }
    assert_eq!(disk.seen(), image(&[("log", "before after")]));
    assert_eq!(disk.without_power(&mut |_| 0), image(&[("log", "before")]));
}

#[test]
fn a_write_that_was_not_synced_may_be_torn_between_any_of_its_sectors() {
    let [first, second] = ["1", "2"].map(|digit| digit.repeat(SECTOR));
    let (empty, zeros) = (String::new(), "\0".repeat(SECTOR));
    let mut list = made("log", "");
    list.extend(synced(1, None));
    list.push(Record::Write { name: "log".into(), at: 0, bytes: (first.clone() + &second).into() });
    let torn = [empty, zeros + &second, first.clone(), first + &second];
    assert_eq!(left_of(&list), torn.map(|text| image(&[("log", &text)])));
}

#[test]
fn a_sync_that_was_under_way_when_the_process_ended_keeps_nothing() {
    let mut disk = Disk::holding(Image::new());
    made("log", "text").into_iter().for_each(|record| disk.follow(record).unwrap());
    synced(1, None).into_iter().for_each(|record| disk.follow(record).unwrap());
    disk.follow(Record::SyncBegan { number: 2, name: Some("log".into()) }).unwrap();
    disk.process_ended();
    assert!(disk.follow(Record::SyncEnded { number: 2 }).is_err());
    assert_eq!(disk.seen(), image(&[("log", "text")]));
    assert_eq!(disk.without_power(&mut |_| 0), image(&[("log", "")]));
}

#[test]
fn a_list_that_is_not_whole_is_refused() {
    let refused = |record: Record| Disk::holding(Image::new()).follow(record).is_err();
    assert!(refused(Record::Write { name: "log".into(), at: 0, bytes: vec![1] }));
    assert!(refused(Record::Remove { name: "log".into() }));
    assert!(refused(Record::Rename { from: "log".into(), to: "other".into() }));
    assert!(refused(Record::SyncEnded { number: 1 }));
    assert!(records(&[1, 0, 0, 0, 99]).is_err());
}
