//! Every transport to every other and back, in the middle of a stream, while somebody writes.

use std::thread;

use crate::feed::{Feed, Transport};
use crate::harness::Site;

const MESSAGES: usize = 90;

fn change(first: Transport, second: Transport) {
    let site = Site::shared();
    let (mut mei, tom) = (site.person("mei"), site.person("tom"));
    let room = mei.room(&[&tom]);
    let start = tom.clone().now();
    let writing = {
        let room = room.clone();
        thread::spawn(move || {
            for n in 0..MESSAGES {
                mei.say(&room, &n.to_string());
            }
        })
    };
    let mut feed = Feed::at(&site, first, &tom, &start);
    let mut got = feed.texts(&room, MESSAGES / 3);
    feed.change(second);
    got.extend(feed.texts(&room, MESSAGES / 3));
    feed.change(first);
    got.extend(feed.texts(&room, MESSAGES / 3));
    let all: Vec<String> = (0..MESSAGES).map(|n| n.to_string()).collect();
    assert_eq!(got, all);
    writing.join().unwrap();
}

macro_rules! pairs {
    ($($from:ident $first:ident: $($to:ident $second:ident),*;)*) => { $(
        mod $from {
            use crate::feed::Transport;
            $( #[test] fn $to() { super::change(Transport::$first, Transport::$second) } )*
        }
    )* };
}

pairs! {
    short_poll ShortPoll: and_long_poll LongPoll, and_sse Sse, and_ndjson Ndjson, and_iframe Iframe, and_websocket WebSocket;
    long_poll LongPoll: and_short_poll ShortPoll, and_sse Sse, and_ndjson Ndjson, and_iframe Iframe, and_websocket WebSocket;
    sse Sse: and_short_poll ShortPoll, and_long_poll LongPoll, and_ndjson Ndjson, and_iframe Iframe, and_websocket WebSocket;
    ndjson Ndjson: and_short_poll ShortPoll, and_long_poll LongPoll, and_sse Sse, and_iframe Iframe, and_websocket WebSocket;
    iframe Iframe: and_short_poll ShortPoll, and_long_poll LongPoll, and_sse Sse, and_ndjson Ndjson, and_websocket WebSocket;
    websocket WebSocket: and_short_poll ShortPoll, and_long_poll LongPoll, and_sse Sse, and_ndjson Ndjson, and_iframe Iframe;
}
