//! What stands in a mail to a visitor.

use std::fmt::Write;

use encke_account::settings;
use encke_engine::{ConversationId, Error, desk_limits};
use encke_letter::{Letter, Post, Purpose, Thread, document, escaped, link, one_line};
use encke_store::Read;
use encke_talk::told::Told;
use jiff::Timestamp;

use super::address::AddressRow;
use super::links;
use super::outbox::MailRow;
use super::words::Words;
use crate::desk::DeskRow;
use crate::incoming::LINE;
use crate::incoming::mailbox::Mailbox;
use crate::incoming::thread::own_name;

/// The request to confirm an address. It holds nothing that the visitor wrote.
pub(crate) fn request(
    read: &mut Read<'_>,
    post: &Post,
    desk: &DeskRow,
    row: &AddressRow,
    words: Words,
) -> Result<Letter, Error> {
    let (name, site) = (one_line(&desk.name), one_line(&settings(read)?.site_name));
    let href = links::page(&post.public_url, Purpose::Confirm, &row.signed(), words);
    let (lead, act, foot) = (words.ask_lead(&name, &site), words.confirm(), words.ask_foot());
    let subject = words.ask_subject(&name);
    let body = format!(
        "<p>{}</p>\n<p>{}</p>\n<p style=\"color:#666\">{}</p>",
        escaped(&lead),
        link(&href, act),
        escaped(foot)
    );
    Ok(Letter {
        to: row.address.clone(),
        from_name: Some(name),
        text: format!("{lead}\n\n{act}: {href}\n\n{foot}\n"),
        html: document(words.language(), &subject, &body),
        subject,
        thread: None,
        unsubscribe: None,
        reply_to: None,
        by_hand: false,
    })
}

/// What answers by mail to a mail need, if they are read.
pub(crate) struct Answerable {
    pub mailbox: Mailbox,
    /// Whether the ticket was asked by mail, so that there is no page to go on in.
    pub by_mail: bool,
    /// The subject under which it was asked by mail.
    pub subject: Option<String>,
    /// The name of the newest mail that came for it.
    pub last: Option<String>,
}

/// The mail about answers, or about the whole of a ticket.
pub(crate) fn answers(
    post: &Post,
    desk: &DeskRow,
    address: &AddressRow,
    (row, earlier): (&MailRow, Option<(ConversationId, u64)>),
    (all, answerable): (&[Told], Option<Answerable>),
    words: Words,
) -> Letter {
    let name = one_line(&desk.name);
    let by_mail = answerable.as_ref().is_some_and(|answerable| answerable.by_mail);
    let own_subject = words.subject(&name, &row.ticket.to_string());
    let asked_as = answerable.as_ref().and_then(|answerable| answerable.subject.as_deref());
    let subject = asked_as.map_or(own_subject, |subject| format!("Re: {subject}"));
    let lead = if row.whole { words.transcript(&name) } else { words.answers(&name) };
    let (mut text, mut html) = (String::new(), String::new());
    if answerable.is_some() {
        let _ = write!(text, "{LINE}\n{}\n\n", words.above());
        let _ = writeln!(html, "<p style=\"color:#666\">{LINE}<br>{}</p>", escaped(words.above()));
    }
    let _ = write!(text, "{lead}\n\n");
    let _ = writeln!(html, "<p>{}</p>", escaped(&lead));
    let shown = newest_that_fit(all);
    if shown.len() < all.len() {
        let _ = write!(text, "({})\n\n", words.shortened());
        let _ = writeln!(html, "<p style=\"color:#666\">{}</p>", escaped(words.shortened()));
    }
    for told in shown {
        add(&mut text, &mut html, told, words);
    }
    let stop = links::page(&post.public_url, Purpose::Unsubscribe, &address.signed(), words);
    let foot = match &answerable {
        Some(Answerable { by_mail: true, .. }) => words.foot_by_mail(),
        Some(_) => words.foot_read(),
        None => words.foot(),
    };
    let _ = writeln!(text, "-- \n{foot}");
    let open = format!("{}/ask/{}", post.public_url, desk.key);
    let mut links = format!("{} ", escaped(foot));
    if !by_mail {
        let _ = writeln!(text, "{}: {open}", words.open());
        let _ = writeln!(html, "<p>{}</p>", link(&open, words.open()));
    }
    let _ = writeln!(text, "{}: {stop}", words.stop());
    links.push_str(&link(&stop, words.stop()));
    let _ = write!(html, "<p style=\"margin-top:2em;color:#666;font-size:.9em\">{links}</p>");
    Letter {
        to: address.address.clone(),
        from_name: Some(name),
        html: document(words.language(), &subject, &html),
        subject,
        text,
        thread: Some(thread(post, row, earlier, answerable.as_ref())),
        unsubscribe: Some(stop),
        reply_to: answerable.map(|answerable| answerable.mailbox.address),
        by_hand: by_mail,
    }
}

/// The place of the mail among those of its ticket. A mail that is sent again after a crash has the same name. The first one goes
/// on behind those of a ticket that was merged into this one. A mail that came in stands before its answer.
fn thread(
    post: &Post,
    row: &MailRow,
    merged: Option<(ConversationId, u64)>,
    answerable: Option<&Answerable>,
) -> Thread {
    let named = |ticket: ConversationId, number: u64| {
        let name = match answerable {
            Some(Answerable { mailbox, .. }) => own_name(&mailbox.secret, ticket, number),
            None => format!("desk.{ticket}.{number}"),
        };
        format!("{name}@{}", post.domain())
    };
    let (of, sent) = match merged {
        Some(merged) if row.number == 0 => merged,
        _ => (row.ticket, row.number),
    };
    let last = (sent > 0).then(|| named(of, sent - 1));
    let first = (sent > 1).then(|| named(of, 0));
    let id = named(row.ticket, row.number);
    let came = answerable.and_then(|answerable| answerable.last.clone());
    Thread { id, earlier: first.into_iter().chain(last).chain(came).collect() }
}

/// The newest of these messages that fit into one mail.
fn newest_that_fit(all: &[Told]) -> &[Told] {
    let mut room = desk_limits::DESK_MAIL_BYTES_MAX;
    let fits = |told: &&Told| {
        let left = room.checked_sub(told.text.len() + told.name.len());
        left.map(|left| room = left).is_some()
    };
    let count = all.iter().rev().take_while(fits).count();
    &all[all.len() - count..]
}

fn add(text: &mut String, html: &mut String, told: &Told, words: Words) {
    let name = one_line(&told.name);
    let at = i64::try_from(told.at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let at = at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
    let mut said = told.text.clone();
    if told.files > 0 {
        let line = format!("[{}]", words.files(told.files));
        said = if said.is_empty() { line } else { format!("{said}\n{line}") };
    }
    let _ = write!(text, "{name}, {at}\n{said}\n\n");
    let _ = write!(
        html,
        "<p style=\"margin:1.2em 0 .2em;color:#666;font-size:.9em\">{}, {at}</p>\n\
         <p style=\"margin:0;white-space:pre-wrap\">{}</p>\n",
        escaped(&name),
        escaped(&said)
    );
}

#[cfg(test)]
mod tests {
    use encke_engine::Seq;

    use super::*;

    fn told(seq: u64, bytes: usize) -> Told {
        let (name, text) = (String::new(), "a".repeat(bytes));
        Told { seq: Seq(seq), at_ms: 0, from: None, name, text, files: 0 }
    }

    #[test]
    fn the_newest_messages_fit_into_a_mail() {
        let most = desk_limits::DESK_MAIL_BYTES_MAX;
        let all = [told(1, 10), told(2, most - 5), told(3, 5)];
        assert_eq!(newest_that_fit(&all).iter().map(|t| t.seq.0).collect::<Vec<_>>(), [2, 3]);
        assert!(newest_that_fit(&[told(1, most + 1)]).is_empty());
    }
}
