//! A mail as it comes: read with suspicion, and only as far as a message needs it.

use std::borrow::Cow;
use std::panic::catch_unwind;

use encke_engine::{Code, Error, mail_limits};
use encke_letter::one_line;
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders, PartType};

use super::fold::fold;
use super::origin::{Origin, origin};
use crate::visit::cut;

/// A file that came with a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attached {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What a mail says.
#[derive(Debug)]
pub(crate) struct IncomingMail {
    /// The address that it says it is from. Nothing proves that.
    pub from: String,
    /// What the sender calls itself.
    pub name: Option<String>,
    /// Its Message-ID, without angle brackets.
    pub id: Option<String>,
    /// The Message-IDs of the mails that it names as earlier ones, the nearest first.
    pub earlier: Vec<String>,
    /// The subject, on one line.
    pub subject: String,
    /// The text without what it quotes, in plain text.
    pub text: String,
    /// Whether the text shows less than there is in the mail.
    pub is_shortened: bool,
    pub files: Vec<Attached>,
    pub origin: Origin,
}

/// Reads a mail. The error is one that no further try would change.
pub(crate) fn read(raw: &[u8]) -> Result<IncomingMail, Error> {
    check_header(raw)?;
    // A parser that panics on these bytes has found that they are no mail.
    let parsed = catch_unwind(|| MessageParser::default().parse(raw)).unwrap_or(None);
    let message = parsed.ok_or_else(|| invalid("This is no mail."))?;
    let sender = message.from().and_then(|all| all.first());
    let address = sender.and_then(|sender| sender.address()).unwrap_or_default();
    let from = encke_letter::check(address)
        .map_err(|_| invalid("The mail does not say what address it is from."))?;
    let name =
        sender.and_then(|sender| sender.name()).map(one_line).filter(|name| !name.is_empty());
    let (whole, has_html) = text(&message);
    let (text, is_folded) = fold(&whole);
    let (files, are_left_out) = files(&message);
    let is_shortened = is_folded || has_html || are_left_out;
    let subject =
        cut(&one_line(message.subject().unwrap_or_default()), mail_limits::MAIL_SUBJECT_BYTES_MAX);
    Ok(IncomingMail {
        from,
        name,
        id: message.message_id().map(id).filter(|id| !id.is_empty()),
        earlier: earlier(&message),
        subject,
        text,
        is_shortened,
        files,
        origin: origin(&message),
    })
}

/// A subject without what programs put in front of it when they answer or forward.
pub(crate) fn bare_subject(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some((first, behind)) = rest.split_once([':', '：']) {
        let first = first.trim().to_lowercase();
        let is_prefix = [
            "re", "fw", "fwd", "aw", "wg", "sv", "tr", "antw", "回复", "答复", "转发", "回覆",
            "轉寄",
        ];
        // Some programs count: `Re[2]:`.
        let bare = first
            .trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')'));
        if !is_prefix.contains(&bare) {
            break;
        }
        rest = behind.trim_start();
    }
    rest.to_lowercase()
}

/// A Message-ID as it is compared, without angle brackets; empty if there is none.
pub(crate) fn id(text: &str) -> String {
    text.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

fn invalid(what: &str) -> Error {
    Error::new(Code::Invalid, what.to_owned())
}

fn check_header(raw: &[u8]) -> Result<(), Error> {
    let most = mail_limits::MAIL_HEADER_BYTES_MAX;
    let head = &raw[..raw.len().min(most)];
    let ends =
        memchr::memmem::find(head, b"\r\n\r\n").or_else(|| memchr::memmem::find(head, b"\n\n"));
    if ends.is_none() && raw.len() >= most {
        return Err(invalid("The header of the mail is too long."));
    }
    Ok(())
}

/// The text of a mail, and whether it was made of HTML.
fn text(message: &Message<'_>) -> (String, bool) {
    let count = message.text_body_count().min(mail_limits::MAIL_TEXTS_MAX);
    let bodies = (0..count).filter_map(|at| message.body_text(at));
    let texts: Vec<String> =
        bodies.map(|text| plain(&text)).filter(|text| !text.is_empty()).collect();
    let shown = message.text_bodies().take(count);
    let mut of_html = shown.map(|part| matches!(part.body, PartType::Html(_)));
    (texts.join("\n\n"), of_html.any(|is_html| is_html))
}

/// A text with one kind of line end and without other controls.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let mut lines = Vec::new();
    let mut blanks = 0;
    for line in kept.lines().map(str::trim_end) {
        blanks = if line.is_empty() { blanks + 1 } else { 0 };
        if blanks < 3 {
            lines.push(line);
        }
    }
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The files of a mail, and whether any were left out.
fn files(message: &Message<'_>) -> (Vec<Attached>, bool) {
    let most = encke_engine::file_limits::FILES_PER_MESSAGE_MAX - 1;
    let count = message.attachment_count();
    let mut files = Vec::new();
    for part in message.attachments().take(mail_limits::MAIL_PARTS_MAX) {
        if files.len() == most {
            break;
        }
        let bytes: Cow<'_, [u8]> = match &part.body {
            PartType::Message(inner) => Cow::Borrowed(inner.raw_message()),
            _ => Cow::Borrowed(part.contents()),
        };
        if bytes.is_empty() {
            continue;
        }
        let name = part.attachment_name().map(one_line).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("{}{}", files.len() + 1, ending(part)));
        files.push(Attached { name, bytes: bytes.into_owned() });
    }
    let left_out = files.len() < count;
    (files, left_out)
}

/// What ends the name of a file that has none.
fn ending(part: &mail_parser::MessagePart<'_>) -> &'static str {
    let kind = part.content_type().map(|kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
    match kind {
        Some(("image", "png")) => ".png",
        Some(("image", "jpeg")) => ".jpg",
        Some(("message", _)) => ".eml",
        Some(("text", _)) => ".txt",
        _ => "",
    }
}

/// The mails that a mail names: what it answers, and what came before that.
fn earlier(message: &Message<'_>) -> Vec<String> {
    let mut all = ids(message.in_reply_to());
    all.extend(ids(message.references()).into_iter().rev());
    let mut known = Vec::new();
    for id in all {
        if known.len() < mail_limits::MAIL_EARLIER_MAX && !id.is_empty() && !known.contains(&id) {
            known.push(id);
        }
    }
    known
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(text) => vec![id(text)],
        HeaderValue::TextList(all) => all.iter().map(|text| id(text)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(head: &str, body: &str) -> IncomingMail {
        let raw = format!("From: Mei <mei@example.com>\nSubject: Hi\n{head}\n{body}");
        read(raw.replace('\n', "\r\n").as_bytes()).unwrap()
    }

    #[test]
    fn a_mail_says_who_wrote_what() {
        let mail = mail(
            "Message-ID: <a@example.com>\nIn-Reply-To: <b@x>\nReferences: <c@x> <b@x>\n",
            "Hello\n",
        );
        assert_eq!((mail.from.as_str(), mail.name.as_deref()), ("mei@example.com", Some("Mei")));
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Hi", "Hello"));
        assert_eq!(mail.id.as_deref(), Some("a@example.com"));
        assert_eq!(mail.earlier, ["b@x", "c@x"]);
        assert!(!mail.is_shortened && mail.files.is_empty());
        assert_eq!(mail.origin, Origin::Written);
    }

    #[test]
    fn chinese_in_the_encodings_of_its_mail_programs_is_read() {
        // GB18030, GBK, Big5 and ISO-2022-JP: in the subject as encoded words, in the body by its charset.
        let cases: [(&str, &str, &[u8], &str); 4] = [
            ("gb18030", "=?gb18030?B?xOO6ww==?=", &[0xc4, 0xe3, 0xba, 0xc3], "你好"),
            ("gbk", "=?GBK?Q?=C4=E3=BA=C3?=", &[0xc4, 0xe3, 0xba, 0xc3], "你好"),
            ("big5", "=?big5?B?p0Gmbg==?=", &[0xa7, 0x41, 0xa6, 0x6e], "你好"),
            ("iso-2022-jp", "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", b"\x1b$BF|K\\\x1b(B", "日本"),
        ];
        for (charset, subject, body, said) in cases {
            let mut raw = format!(
                "From: a@example.com\r\nSubject: {subject}\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
            )
            .into_bytes();
            raw.extend(body);
            let mail = read(&raw).unwrap();
            assert_eq!((mail.subject.as_str(), mail.text.as_str()), (said, said), "{charset}");
        }
    }

    #[test]
    fn html_becomes_text_and_nothing_of_a_script_stays() {
        let mail = mail(
            "Content-Type: text/html\n",
            "<style>p { x: y }</style><p>Hello <b>you</b></p><script>alert(1)</script><p>and you</p>",
        );
        assert!(mail.text.contains("Hello you") && mail.text.contains("and you"), "{}", mail.text);
        assert!(!mail.text.contains("alert") && !mail.text.contains('<'), "{}", mail.text);
        assert!(mail.is_shortened, "the whole mail is to be kept");
    }

    #[test]
    fn files_come_with_their_names_and_only_so_many() {
        let part = |n: usize| {
            format!(
                "--x\nContent-Disposition: attachment; filename=\"../{n}.txt\"\nContent-Type: text/plain\n\nfile {n}\n"
            )
        };
        let body: String = (0..1_000).map(part).collect();
        let text = "--x\nContent-Type: text/plain\n\nHello\n";
        let mail =
            mail("Content-Type: multipart/mixed; boundary=x\n", &format!("{text}{body}--x--\n"));
        assert_eq!(mail.text, "Hello");
        assert_eq!(mail.files.len(), encke_engine::file_limits::FILES_PER_MESSAGE_MAX - 1);
        assert_eq!(mail.files[0].bytes, b"file 0");
        assert!(mail.is_shortened);
    }

    #[test]
    fn mails_in_mails_and_headers_without_end_have_bounds() {
        let mut nested = String::from("From: a@example.com\r\nSubject: inmost\r\n\r\nHello");
        for n in 0..2_000 {
            nested = format!(
                "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\nContent-Type: message/rfc822\r\n\r\n{nested}\r\n--b{n}--\r\n"
            );
        }
        assert!(read(nested.as_bytes()).is_ok());
        let long = format!("From: a@example.com\r\n{}", "X-A: b\r\n".repeat(100_000));
        assert_eq!(read(long.as_bytes()).unwrap_err().code, Code::Invalid);
        for none in ["", "\r\n\r\n", "From: nobody\r\n\r\nHello", "Subject: Hi\r\n\r\nHello"] {
            assert_eq!(read(none.as_bytes()).unwrap_err().code, Code::Invalid, "{none:?}");
        }
    }

    #[test]
    fn a_subject_is_the_same_with_the_marks_of_answers() {
        for same in
            ["Order 7", "Re: Order 7", "RE: FW: order 7", "回复：Order 7", "答复: Re[2]: Order 7"]
        {
            assert_eq!(bare_subject(same), "order 7", "{same}");
        }
        assert_eq!(bare_subject("Order: 7"), "order: 7");
    }

    #[test]
    fn fuzz_whatever_comes_is_read_or_refused() {
        let words: &[&[u8]] = &[
            b"From: a@example.com\r\n",
            b"Content-Type: multipart/mixed; boundary=x\r\n",
            b"--x\r\n",
            b"--x--",
            b"\r\n\r\n",
            b"=?gbk?B?xOO6ww==?=",
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Type: message/delivery-status\r\n\r\n",
            b"<script>",
            b"On Monday, Mei wrote:\r\n> Hi",
        ];
        encke_fuzz::run("incoming_mail", words, |bytes| {
            if let Ok(mail) = read(bytes) {
                assert!(mail.subject.len() <= mail_limits::MAIL_SUBJECT_BYTES_MAX);
                assert!(!mail.text.contains('\0') && !mail.subject.contains('\n'));
            }
        });
    }
}
