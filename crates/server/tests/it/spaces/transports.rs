//! Two spaces over each of the six transports at once.

use crate::feed::{Feed, Transport};
use crate::harness::Person;

use super::Two;

/// A feed of a person, wherever its space is: messages that are sent after this returns will come.
pub fn now(who: &Person, transport: Transport) -> Feed {
    let (address, auth) = (who.client.address, who.auth());
    if transport.is_poll() {
        return Feed::begin(address, transport, auth, Some(&who.clone().now()), "");
    }
    let mut feed = Feed::begin(address, transport, auth, None, "");
    feed.ready();
    feed
}

#[test]
fn each_space_has_its_own_feed_over_every_transport() {
    let mut two = Two::start();
    let [mut left, mut right] = two.pairs();
    // The same numbers of people and rooms: only the space tells them apart.
    assert_eq!((&left.1.id, &left.2), (&right.1.id, &right.2));
    let mut feeds: Vec<[Feed; 2]> =
        Transport::ALL.map(|t| [&left.1, &right.1].map(|tom| now(tom, t))).into();
    for round in 0..3 {
        left.0.say(&left.2, &format!("left {round}"));
        right.0.say(&right.2, &format!("right {round}"));
        for [of_left, of_right] in &mut feeds {
            // The next text belongs to this space. The feed checks that nothing is missing or comes twice.
            assert_eq!(of_left.texts(&left.2, 1), [format!("left {round}")]);
            assert_eq!(of_right.texts(&right.2, 1), [format!("right {round}")]);
        }
    }
    // A client may change its transport in a space as ever.
    for (n, [of_left, _]) in feeds.iter_mut().enumerate() {
        of_left.change(Transport::ALL[(n + 1) % 6]);
        left.0.say(&left.2, &format!("changed {n}"));
        let texts = of_left.texts(&left.2, n + 1);
        assert_eq!(texts.last().unwrap(), &format!("changed {n}"));
    }
}
