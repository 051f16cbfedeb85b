//! What has made a mail: a person, a program that answers by itself, or a mail server that could not deliver one of ours.

use mail_parser::{Message, MimeHeaders, PartType};

use super::mail::id;

/// What has made a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// Somebody wrote it, or a program that expects an answer of a person.
    Written,
    /// A program answers by itself that somebody is away, or that a mail has come.
    Answering,
    /// A mail could not be delivered.
    Bounce {
        /// The Message-IDs of the mails that it may be about.
        of: Vec<String>,
        /// Whether no further try would help.
        is_final: bool,
    },
}

/// Finds out what has made a mail.
pub(crate) fn origin(message: &Message<'_>) -> Origin {
    if is_report(message) {
        return Origin::Bounce { of: reported(message), is_final: is_final(message) };
    }
    let says = |name: &str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    let is_reply = says("Auto-Submitted").is_some_and(|value| value.starts_with("auto-replied"))
        || says("X-Autoreply").is_some()
        || says("X-Autorespond").is_some()
        || says("Precedence").is_some_and(|value| value == "auto_reply");
    if is_reply { Origin::Answering } else { Origin::Written }
}

fn is_report(message: &Message<'_>) -> bool {
    let kind = message.content_type();
    let is_report = kind.is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("report"))
            && kind
                .attribute("report-type")
                .is_some_and(|of| of.eq_ignore_ascii_case("delivery-status"))
    });
    let sender = message.from().and_then(|all| all.first()).and_then(|sender| sender.address());
    let local = sender.and_then(|address| address.split('@').next()).unwrap_or_default();
    let is_server =
        ["mailer-daemon", "postmaster"].iter().any(|name| local.eq_ignore_ascii_case(name));
    is_report || (is_server && message.return_address().is_none_or(str::is_empty))
}

/// The Message-IDs in what the report returns of the mail.
fn reported(message: &Message<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for part in message.parts.iter().take(encke_engine::mail_limits::MAIL_PARTS_MAX) {
        match &part.body {
            PartType::Message(inner) => all.extend(inner.message_id().map(id)),
            _ if is_headers(part) => {
                let text = String::from_utf8_lossy(part.contents());
                let lines = text.lines().filter_map(|line| line.split_once(':'));
                let named =
                    lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case("Message-ID"));
                all.extend(named.map(|(_, value)| id(value)));
            }
            _ => {}
        }
    }
    all
}

fn is_headers(part: &mail_parser::MessagePart<'_>) -> bool {
    let sub = part.content_type().and_then(|kind| kind.subtype());
    sub.is_some_and(|sub| sub.eq_ignore_ascii_case("rfc822-headers"))
}

fn is_final(message: &Message<'_>) -> bool {
    let parts = message.parts.iter().take(encke_engine::mail_limits::MAIL_PARTS_MAX);
    let mut status = parts.filter(|part| {
        let sub = part.content_type().and_then(|kind| kind.subtype());
        sub.is_some_and(|sub| sub.eq_ignore_ascii_case("delivery-status"))
    });
    status.any(|part| {
        let text = String::from_utf8_lossy(part.contents()).to_ascii_lowercase();
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.any(|(name, value)| name.trim() == "status" && value.trim().starts_with('5'))
    })
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn of(text: &str) -> Origin {
        let raw = text.replace('\n', "\r\n");
        origin(&MessageParser::default().parse(raw.as_bytes()).unwrap())
    }

    #[test]
    fn programs_that_answer_are_told_from_people() {
        let from = "From: a@example.com\n";
        for answering in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: auto-replied (vacation)",
            "X-Autoreply: yes",
            "Precedence: auto_reply",
        ] {
            assert_eq!(of(&format!("{from}{answering}\n\nAway")), Origin::Answering, "{answering}");
        }
        for written in ["Auto-Submitted: no", "Auto-Submitted: auto-generated", "Precedence: bulk"]
        {
            assert_eq!(of(&format!("{from}{written}\n\nHello")), Origin::Written, "{written}");
        }
    }

    #[test]
    fn a_report_names_the_mail_that_came_back() {
        let report = |returned: &str, status: &str| {
            format!(
                "From: MAILER-DAEMON@example.com\nReturn-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n\
                 --x\nContent-Type: text/plain\n\nSorry\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\nAction: failed\nStatus: {status}\n--x\n{returned}\n--x--\n"
            )
        };
        let whole = "Content-Type: message/rfc822\n\nFrom: desk@example.com\nMessage-ID: <desk.c1.0@example.com>\n\nHello";
        let head = "Content-Type: text/rfc822-headers\n\nFrom: desk@example.com\nMessage-ID: <desk.c1.0@example.com>\n";
        for returned in [whole, head] {
            let found = of(&report(returned, "5.1.1"));
            assert_eq!(
                found,
                Origin::Bounce { of: vec!["desk.c1.0@example.com".into()], is_final: true }
            );
        }
        assert!(matches!(of(&report(whole, "4.2.2")), Origin::Bounce { is_final: false, .. }));
    }
}
