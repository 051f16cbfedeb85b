//! The text of a growing message out of its events: no store, no clock.

use encke_engine::Event;
use encke_site::EventBody;
use serde::Deserialize;

use super::piece::{Grown, Piece};

#[derive(Deserialize)]
struct Text {
    text: String,
}

/// The text that a message has after these events of it, the oldest first. A piece adds to what was there; an event with
/// the whole text so far takes its place.
pub(super) fn folded<'a>(opening: String, events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut text = opening;
    for event in events {
        let Ok(body) = serde_json::from_slice::<Text>(&event.body) else { continue };
        match &*event.kind {
            Piece::KIND => text.push_str(&body.text),
            Grown::KIND => text = body.text,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use encke_engine::{Position, Seq, StreamId};
    use proptest::prelude::*;

    use super::*;

    fn event_of(kind: &'static str, text: &str) -> Event {
        Event {
            position: Position(1),
            stream: StreamId::from_raw(5),
            seq: Seq(1),
            back: Position(0),
            at_ms: 0,
            from: None,
            kind: kind.into(),
            key: None,
            body: serde_json::to_vec(&serde_json::json!({"message": 1, "n": 1, "text": text}))
                .expect("JSON")
                .into(),
            erases: Vec::new(),
            channel: None,
        }
    }

    proptest! {
        #[test]
        fn wherever_pieces_are_put_together_the_text_is_the_same(
            opening in ".{0,8}",
            pieces in proptest::collection::vec((".{0,6}", any::<bool>()), 0..60),
        ) {
            let (mut whole, mut live) = (opening.clone(), Vec::new());
            for (text, is_folded) in &pieces {
                whole.push_str(text);
                if *is_folded {
                    live.clear();
                    live.push(event_of(Grown::KIND, &whole));
                } else {
                    live.push(event_of(Piece::KIND, text));
                }
                prop_assert_eq!(&folded(opening.clone(), &live), &whole);
            }
        }
    }

    #[test]
    fn an_event_that_was_erased_adds_nothing() {
        let all = [event_of(Piece::KIND, "a"), event_of(Piece::KIND, "b").erased()];
        assert_eq!(folded(String::new(), &all), "a");
    }
}
