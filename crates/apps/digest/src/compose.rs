//! What stands in a mail.

use std::fmt::Write;

use encke_account::{Settings, settings};
use encke_engine::{ConversationId, Error, PersonId, outgoing_limits};
use encke_letter::{Letter, Post, Purpose, Signed, document, escaped, link, one_line};
use encke_site::Site;
use encke_store::Read;
use encke_talk::notice::News;

use crate::links;
use crate::settings::PersonRow;

/// The name of the site, on one line.
fn site_name(read: &mut Read<'_>) -> Result<String, Error> {
    let Settings { site_name, .. } = settings(read)?;
    Ok(one_line(&site_name))
}

/// The request to confirm an address.
pub(crate) fn request(
    read: &mut Read<'_>,
    site: &Site,
    post: &Post,
    row: &PersonRow,
) -> Result<Letter, Error> {
    let (language, name) = (row.language, site_name(read)?);
    let person = called(read, site, row.person)?;
    let href = links::page(&post.public_url, Purpose::Confirm, &row.signed(), language);
    let (lead, act, foot) =
        (language.ask_lead(&name, &person), language.ask_link(), language.ask_foot());
    let subject = language.ask_subject(&name);
    let body = format!(
        "<p>{}</p>\n<p>{}</p>\n<p style=\"color:#666\">{}</p>",
        escaped(&lead),
        link(&href, &act),
        escaped(&foot)
    );
    Ok(Letter {
        to: row.address.clone(),
        from_name: None,
        thread: None,
        text: format!("{lead}\n\n{act}: {href}\n\n{foot}\n"),
        html: document(language.name(), &subject, &body),
        subject,
        unsubscribe: None,
        reply_to: None,
        by_hand: false,
    })
}

fn called(read: &mut Read<'_>, site: &Site, person: PersonId) -> Result<String, Error> {
    let found = encke_account::people(read, site, person, &[person])?.into_iter().next();
    Ok(one_line(&found.map(|person| person.display_name).unwrap_or_default()))
}

/// The mail about missed messages.
pub(crate) fn digest(
    read: &mut Read<'_>,
    post: &Post,
    row: &PersonRow,
    news: &[(ConversationId, News)],
) -> Result<Letter, Error> {
    let (language, name) = (row.language, site_name(read)?);
    let count = news.iter().map(|(_, news)| news.count).sum();
    let signed: Signed<'_> = row.signed();
    let subject = language.digest_subject(&name, count);
    let (mut text, mut html) = (String::new(), String::new());
    for (conversation, news) in news {
        let from = one_line(&news.from);
        let title = match &news.title {
            Some(title) => one_line(title),
            None => language.direct(&from),
        };
        let mut said = shortened(&news.text);
        if said.is_empty() && news.files > 0 {
            said = language.files(news.files);
        }
        let href = format!("{}/#/{conversation}", post.public_url);
        let _ = write!(text, "{title}\n{from}: {said}\n");
        let _ = write!(
            html,
            "<h2 style=\"font-size:1.05em;margin:1.4em 0 .3em\">{}</h2>\n\
             <p style=\"margin:0;white-space:pre-wrap\"><b>{}</b>: {}</p>\n",
            escaped(&title),
            escaped(&from),
            escaped(&said)
        );
        if news.count > 1 {
            let more = language.more(news.count - 1);
            let _ = writeln!(text, "({more})");
            let _ = writeln!(html, "<p style=\"margin:0;color:#666\">{}</p>", escaped(&more));
        }
        let open = language.open();
        let _ = write!(text, "{open}: {href}\n\n");
        let _ = writeln!(html, "<p style=\"margin:.3em 0 0\">{}</p>", link(&href, &open));
    }
    let page = links::page(&post.public_url, Purpose::Unsubscribe, &signed, language);
    let (foot, end) = (language.foot(&name), language.unsubscribe());
    let _ = writeln!(text, "{foot}\n{end}: {page}");
    let _ = write!(
        html,
        "<p style=\"margin-top:2em;color:#666;font-size:.9em\">{} {}</p>",
        escaped(&foot),
        link(&page, &end)
    );
    Ok(Letter {
        to: row.address.clone(),
        from_name: None,
        thread: None,
        html: document(language.name(), &subject, &html),
        subject,
        text,
        unsubscribe: Some(page),
        reply_to: None,
        by_hand: false,
    })
}

/// The beginning of a message's text.
fn shortened(text: &str) -> String {
    let most = outgoing_limits::MAIL_TEXT_CHARS_MAX;
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
