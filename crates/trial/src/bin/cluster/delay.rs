//! Delays of events from the node that acknowledged them to clients of another node. This has no I/O.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use encke_trial::journal::{Reading, Send, Stream};

use crate::fault::Fault;

/// The promise is one second, [`limits::LOOK_MS`](encke_engine::limits::LOOK_MS) and a read. A busy machine gets this
/// much before late counts as never.
pub const LATE: Duration = Duration::from_secs(10);

/// A time with one fault until all had recovered, or a time without a fault.
#[derive(Clone)]
pub struct Phase {
    pub fault: Option<Fault>,
    pub began: Instant,
    pub ended: Instant,
    /// The struck node, if it could not do its work.
    pub disabled: Option<SocketAddrV4>,
}

/// The measured delays in rising order.
pub type Delays = BTreeMap<Option<Fault>, Vec<Duration>>;

/// Compares the times of sends' answers with the times when readers at each node saw the events.
pub fn measure(sends: &[Send], watching: &[(SocketAddrV4, &Reading)], phases: &[Phase]) -> Delays {
    let mut all = Delays::new();
    for (node, reading) in watching {
        let seen = reading.seen.iter().zip(&reading.moments);
        let seen: HashMap<(&Stream, u64), Instant> =
            seen.map(|(seen, at)| ((&seen.stream, seen.seq), *at)).collect();
        for send in sends {
            let (Some((door, answered)), Some(seq)) = (send.answered, seq(send)) else { continue };
            let is_elsewhere = door != *node && watching.iter().any(|(at, _)| *at == door);
            let (true, Some(at)) = (is_elsewhere, seen.get(&(&send.stream, seq))) else { continue };
            // A send from before the fault that the fault held up belongs to the fault.
            let phase = phases.iter().find(|p| (p.began..p.ended).contains(at));
            let Some(phase) = phase.filter(|p| p.disabled != Some(*node)) else { continue };
            let delay = at.saturating_duration_since(answered);
            all.entry(phase.fault).or_default().push(delay);
        }
    }
    all.values_mut().for_each(|delays| delays.sort_unstable());
    all
}

fn seq(send: &Send) -> Option<u64> {
    match &send.outcome {
        encke_trial::journal::Outcome::Ok(answer) => Some(answer.seq),
        _ => None,
    }
}

/// While hints are lost, all events come by looking, so none may be late.
pub fn violations(delays: &Delays) -> Vec<String> {
    let bounded = delays.iter().filter_map(|(fault, delays)| {
        let (fault, longest) = ((*fault)?, delays.last()?);
        (fault.is_of_hints() && *longest > LATE)
            .then(|| format!("late: {longest:?} from node to node while {}", fault.name()))
    });
    bounded.collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use encke_trial::journal::{Answer, Outcome, Seen};

    use super::*;

    fn node(number: u8) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::new(10, 77, number, 2), 8080)
    }

    /// One event that node 1 acknowledged a second before a fault. The readers at both nodes saw it after this time.
    fn measured(fault: Fault, disabled: Option<SocketAddrV4>, after: Duration) -> Delays {
        let began = Instant::now();
        let answered = began + Duration::from_secs(1);
        let stream: Stream = Arc::from("c1");
        let seen = Seen { stream: stream.clone(), seq: 1, position: 1, at: 1, digest: 1 };
        let reading =
            Reading { seen: vec![seen], moments: vec![answered + after], ..Reading::default() };
        let send = Send {
            stream,
            key: "k".into(),
            digest: 1,
            outcome: Outcome::Ok(Answer { seq: 1, position: 1, at: 1 }),
            answered: Some((node(1), answered)),
        };
        let struck = began + Duration::from_secs(2);
        let calm = Phase { fault: None, began, ended: struck, disabled: None };
        let ended = began + Duration::from_secs(100);
        let phase = Phase { fault: Some(fault), began: struck, ended, disabled };
        measure(&[send], &[(node(1), &reading), (node(2), &reading)], &[calm, phase])
    }

    #[test]
    fn late_events_without_hints_are_found() {
        let good = measured(Fault::KillNats, None, Duration::from_secs(2));
        assert_eq!(good[&Some(Fault::KillNats)], [Duration::from_secs(2)]);
        assert_eq!(violations(&good), Vec::<String>::new());
        let late = measured(Fault::KillNats, None, LATE + Duration::from_millis(1));
        assert_eq!(violations(&late).len(), 1);
    }

    #[test]
    fn a_node_that_is_down_is_not_late() {
        let found = measured(Fault::Stop, Some(node(2)), Duration::from_secs(60));
        assert!(found.is_empty());
        let found = measured(Fault::Stop, Some(node(3)), Duration::from_secs(60));
        assert_eq!(found[&Some(Fault::Stop)].len(), 1);
    }
}
