//! A mail, as the mail server gets it.

use encke_engine::{Code, Error};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// The place of a mail among those of one conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// The Message-ID of the mail, without angle brackets. It is written here and holds nothing of people.
    pub id: String,
    /// The Message-IDs of earlier ones, the first one first.
    pub earlier: Vec<String>,
}

/// The parts of a mail.
pub struct Letter {
    /// The address.
    pub to: String,
    /// The name of the sender; without one it is the site's.
    pub from_name: Option<String>,
    /// The subject.
    pub subject: String,
    /// The text for mail programs that show no HTML.
    pub text: String,
    /// The same as a whole document of HTML.
    pub html: String,
    /// The place of the mail in a conversation by mail; `None` if it stands alone.
    pub thread: Option<Thread>,
    /// Where a program ends these mails with one request, if there are more to come (RFC 8058).
    pub unsubscribe: Option<String>,
    /// The address that answers are to go to, if they are read; without one the sender's.
    pub reply_to: Option<String>,
    /// Whether somebody wrote it to this one person. Programs that answer by themselves are asked to let all others be.
    pub by_hand: bool,
}

impl Letter {
    /// Writes the mail for the mail server. Nothing of it can add a header: the address was checked, and all texts are encoded.
    pub(crate) fn message(self, from: &Mailbox) -> Result<Message, Error> {
        let Letter { to, from_name, subject, text, html, thread, unsubscribe, reply_to, by_hand } =
            self;
        let unusable = |why: String| {
            tracing::warn!("a mail can't be written: {why}");
            Error::new(Code::Internal, "The mail can't be written.")
        };
        let to: lettre::Address = to.parse().map_err(|_| unusable("its address".to_owned()))?;
        let id = match &thread {
            Some(thread) => format!("<{}>", thread.id),
            None => format!("<{}@{}>", encke_site::random::secret("")?, from.email.domain()),
        };
        let sender = match from_name {
            Some(name) => Mailbox::new(Some(one_line(&name)), from.email.clone()),
            None => from.clone(),
        };
        let body = MultiPart::alternative_plain_html(lines(&text), lines(&html));
        let builder = Message::builder().from(sender).to(Mailbox::new(None, to));
        let mut builder = builder.subject(one_line(&subject)).message_id(Some(id)).date_now();
        if let Some(address) = reply_to {
            let address =
                address.parse().map_err(|_| unusable("its address for answers".to_owned()))?;
            builder = builder.reply_to(Mailbox::new(None, address));
        }
        let mut message = builder.multipart(body).map_err(|e| unusable(e.to_string()))?;
        let mut further = Vec::new();
        if !by_hand {
            further.push(("Auto-Submitted", "auto-generated".to_owned()));
            further.push(("X-Auto-Response-Suppress", "All".to_owned()));
        }
        let earlier = thread.map(|thread| thread.earlier).unwrap_or_default();
        if let Some(last) = earlier.last() {
            further.push(("In-Reply-To", format!("<{last}>")));
            let all: Vec<String> = earlier.iter().map(|id| format!("<{id}>")).collect();
            further.push(("References", all.join(" ")));
        }
        if let Some(address) = unsubscribe {
            further.push(("List-Unsubscribe", format!("<{address}>")));
            further.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        for (name, value) in further {
            let name = HeaderName::new_from_ascii_str(name);
            message.headers_mut().insert_raw(HeaderValue::new(name, value));
        }
        Ok(message)
    }
}

/// A text without line breaks and other controls.
pub fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text whose lines all end alike, without other controls: a line that ends with half a line break could end the mail for
/// one of the servers on its way, and begin another one.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(subject: &str, text: &str) -> String {
        let letter = Letter {
            to: "mei@example.com".into(),
            from_name: Some(subject.into()),
            thread: Some(Thread {
                id: "b@example.com".into(),
                earlier: vec!["a@example.com".into()],
            }),
            subject: subject.into(),
            text: text.into(),
            html: text.into(),
            unsubscribe: Some("https://chat.example.com/u?token=p1.a".into()),
            reply_to: Some("desk@example.com".into()),
            by_hand: false,
        };
        let from = "Chat <chat@example.com>".parse().unwrap();
        String::from_utf8(letter.message(&from).unwrap().formatted()).unwrap()
    }

    #[test]
    fn no_text_adds_a_header() {
        let evil = "Hi\r\nBcc: victim@example.com\r\n\r\nbody\n.\r\nMAIL FROM:<x>";
        let mail = written(evil, evil);
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        assert!(!names.contains(&"Bcc"), "{head}");
        let all = ["From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "References"];
        for name in all {
            assert_eq!(names.iter().filter(|n| **n == name).count(), 1, "{name} in {head}");
        }
        assert!(head.contains("List-Unsubscribe: <https://chat.example.com/u?token=p1.a>"));
    }

    #[test]
    fn fuzz_a_mail_has_the_headers_that_it_was_given() {
        let names = |mail: &str| -> Vec<String> {
            let (head, _) = mail.split_once("\r\n\r\n").expect("a head");
            let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
            lines.map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
        };
        let expected = names(&written("Hi", "Hello"));
        let words: &[&[u8]] = &[
            b"\r\n",
            b"Bcc: x@example.com",
            b"=?utf-8?b?",
            b"?=",
            b"\n.\n",
            b"\r",
            b"\xe2\x80\xa8",
            b"\0",
            b"\"",
            b"<",
            b",",
        ];
        encke_fuzz::run("letter", words, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            // A name or a subject is bounded where it is given.
            let subject: String = text.chars().take(200).collect();
            let mail = written(&subject, &text);
            assert_eq!(names(&mail), expected, "{text:?}");
            assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
            assert!(!mail.contains('\0'), "{text:?}");
        });
    }

    #[test]
    fn chinese_is_encoded_in_headers_and_body() {
        assert!(written("彗星", "你好").is_ascii());
    }
}
