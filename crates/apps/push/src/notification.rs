//! The text that a browser gets, as JSON. The browser alone can read it.

use encke_engine::{ConversationId, Seq, outgoing_limits};
use encke_site::notices::Notice;
use encke_talk::notice::News;
use serde::Serialize;

/// A notification of messages. Its service worker writes the words around these fields in the person's language.
#[derive(Serialize)]
pub(crate) struct Notification {
    r#type: &'static str,
    conversation: ConversationId,
    /// The newest message.
    seq: Seq,
    /// The desk of a ticket; other conversations have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<ConversationId>,
    /// The title of a room; a direct conversation has none.
    title: Option<String>,
    /// The writer of the newest message.
    from: String,
    /// The beginning of the newest message, if the site tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The number of files of the newest message.
    files: usize,
    /// The number of messages.
    count: usize,
    /// Whether one of them mentions the person.
    mention: bool,
}

/// A notification of what a product has to say.
#[derive(Serialize)]
pub(crate) struct NoticeText {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    count: usize,
}

/// The beginning of a text, at most this many characters.
fn beginning(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl NoticeText {
    /// The text of a notice. A text of the person's own stands in it only if the site tells what is written.
    pub fn of(notice: &Notice, has_text: bool) -> Self {
        let name = |name: &String| beginning(name, outgoing_limits::PUSH_NAME_CHARS_MAX);
        let text = |text: &String| beginning(text, outgoing_limits::PUSH_TEXT_CHARS_MAX);
        NoticeText {
            r#type: notice.kind,
            conversation: notice.conversation,
            seq: notice.seq,
            desk: notice.desk,
            title: notice.title.as_ref().map(name),
            from: notice.from.as_ref().map(name),
            text: notice.text.as_ref().filter(|_| has_text).map(text),
            count: notice.count,
        }
    }

    /// As JSON.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("notifications are plain data")
    }
}

impl Notification {
    /// A notification of the news in a conversation.
    pub fn of(conversation: ConversationId, news: &News, has_text: bool) -> Self {
        let name = |name: &str| beginning(name, outgoing_limits::PUSH_NAME_CHARS_MAX);
        Notification {
            r#type: "message",
            conversation,
            seq: news.seq,
            desk: news.desk,
            title: news.title.as_deref().map(name),
            from: name(&news.from),
            text: has_text.then(|| beginning(&news.text, outgoing_limits::PUSH_TEXT_CHARS_MAX)),
            files: news.files,
            count: news.count,
            mention: news.mentions,
        }
    }

    /// As JSON.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("notifications are plain data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_notification_fits_into_what_push_services_take() {
        // The widest character in JSON takes six bytes there.
        let wide = "\u{1}".repeat(10_000);
        let news = News {
            desk: Some(ConversationId(u64::MAX >> 8)),
            title: Some(wide.clone()),
            from: wide.clone(),
            seq: Seq(u64::MAX >> 1),
            text: wide,
            files: 20,
            count: 50,
            mentions: true,
        };
        let json = Notification::of(ConversationId(u64::MAX >> 8), &news, true).json();
        assert!(json.len() < 3_900, "{} bytes", json.len());
        let short = Notification::of(ConversationId(1), &news, false).json();
        assert!(!String::from_utf8_lossy(&short).contains("\"text\""));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(beginning("你好吗", 2), "你好…");
        assert_eq!(beginning("你好", 2), "你好");
    }
}
