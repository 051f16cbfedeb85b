//! A mail, as the mail server gets it.

use encke_engine::{Code, Error};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// The parts of a mail.
pub(crate) struct Letter {
    /// The address.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where a program ends these mails with one request, if there are more to come (RFC 8058).
    pub unsubscribe: Option<String>,
}

impl Letter {
    /// Writes the mail. Nothing of it can add a header: the address was checked, and all texts are encoded.
    pub fn message(self, from: &Mailbox) -> Result<Message, Error> {
        let Letter { to, subject, text, html, unsubscribe } = self;
        let unusable = |why: String| {
            tracing::warn!("a mail can't be written: {why}");
            Error::new(Code::Internal, "The mail can't be written.")
        };
        let to: lettre::Address = to.parse().map_err(|_| unusable("its address".to_owned()))?;
        let id = format!("<{}@{}>", encke_site::random::secret("")?, from.email.domain());
        let body = MultiPart::alternative_plain_html(text, html);
        let builder = Message::builder().from(from.clone()).to(Mailbox::new(None, to));
        let builder = builder.subject(one_line(&subject)).message_id(Some(id)).date_now();
        let mut message = builder.multipart(body).map_err(|e| unusable(e.to_string()))?;
        let mut further = vec![("Auto-Submitted", "auto-generated".to_owned())];
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
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(subject: &str, text: &str) -> String {
        let letter = Letter {
            to: "mei@example.com".into(),
            subject: subject.into(),
            text: text.into(),
            html: text.into(),
            unsubscribe: Some("https://chat.example.com/u?token=p1.a".into()),
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
        for name in ["From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe"] {
            assert_eq!(names.iter().filter(|n| **n == name).count(), 1, "{name} in {head}");
        }
        assert!(head.contains("List-Unsubscribe: <https://chat.example.com/u?token=p1.a>"));
    }

    #[test]
    fn chinese_is_encoded_in_headers_and_body() {
        assert!(written("彗星", "你好").is_ascii());
    }
}
