//! What an answer by mail says itself, without what it quotes and without the signature.

/// Stands above the messages in a mail of a desk: what a visitor writes above it is its answer.
pub(crate) const LINE: &str = "——— ✂ ———";

/// The text before what it quotes, and whether anything was left out. A text that only quotes is kept whole.
pub(crate) fn fold(text: &str) -> (String, bool) {
    let lines: Vec<&str> = text.lines().collect();
    let end = (0..lines.len()).find(|at| ends(&lines, *at)).unwrap_or(lines.len());
    let said = without_trailing_quotes(&lines[..end]);
    let said = said.join("\n").trim().to_owned();
    if said.is_empty() {
        return (text.trim().to_owned(), false);
    }
    let is_folded = said.len() < text.trim().len();
    (said, is_folded)
}

/// Whether what was said ends before this line.
fn ends(lines: &[&str], at: usize) -> bool {
    let line = lines[at].trim();
    let next = lines.get(at + 1).map(|line| line.trim()).unwrap_or_default();
    line.contains(LINE)
        || lines[at] == "-- "
        || line == "--"
        || is_original(line)
        || is_head(line, next)
        || introduces(line)
        || (introduces(&format!("{line} {next}")) && line.to_lowercase().starts_with("on "))
}

/// `-----Original Message-----`, in the languages of the usual programs.
fn is_original(line: &str) -> bool {
    let bare = line.trim_matches(|c: char| matches!(c, '-' | '_' | ' ' | '—' | '*'));
    let names = [
        "original message",
        "forwarded message",
        "原始邮件",
        "原始郵件",
        "转发的邮件",
        "回复的原邮件",
    ];
    bare.len() < line.len() && names.contains(&bare.to_lowercase().as_str())
}

/// The header of an earlier mail, as Outlook and Foxmail quote it: at least two of its lines.
fn is_head(line: &str, next: &str) -> bool {
    let names = |line: &str| -> bool {
        let Some((name, value)) = line.split_once([':', '：']) else { return false };
        let name = name.trim_matches(|c: char| matches!(c, '*' | ' ' | '>')).to_lowercase();
        let is_one = [
            "from",
            "sent",
            "date",
            "to",
            "发件人",
            "发送时间",
            "日期",
            "收件人",
            "寄件者",
            "傳送時間",
        ];
        !value.trim().is_empty() && is_one.contains(&name.as_str())
    };
    let begins = line.to_lowercase();
    let is_first = ["from", "*from", "发件人", "*发件人", "寄件者", "date"];
    is_first.iter().any(|first| begins.starts_with(first)) && names(line) && names(next)
}

/// `On Monday, Mei wrote:` and its like.
fn introduces(line: &str) -> bool {
    let lower = line.to_lowercase();
    let ends =
        ["wrote:", "写道:", "写道：", "寫道:", "寫道："].iter().any(|end| lower.ends_with(end));
    // A sentence of its own may end like this; a date or an address does not stand in it.
    ends && (line.contains('@') || line.chars().any(|c| c.is_ascii_digit()))
}

fn without_trailing_quotes<'a>(lines: &'a [&'a str]) -> &'a [&'a str] {
    let is_quote = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('>');
    let said = lines.iter().rposition(|line| !is_quote(line)).map_or(0, |at| at + 1);
    &lines[..said]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_and_signed_is_left_out() {
        for quoted in [
            "On Mon, 23 Nov 2026 at 10:12, Desk <desk@example.com> wrote:\n> Hello",
            "On Mon, 23 Nov 2026 at 10:12, Desk\n<desk@example.com> wrote:\n> Hello",
            "在 2026年11月23日，Desk <desk@example.com> 写道：\n> 你好",
            "-----Original Message-----\nFrom: Desk\nHello",
            "------------------ 原始邮件 ------------------\n发件人: \"Desk\";\n你好",
            "From: Desk <desk@example.com>\nSent: Monday\nTo: Mei\n\nHello",
            "发件人: Desk\n发送时间: 2026-11-23\n收件人: Mei\n\n你好",
            "-- \nMei Lin\n+86 10 1234",
            &format!("{LINE}\nEarlier"),
            "> Hello\n> and more",
        ] {
            let (said, is_folded) = fold(&format!("Thanks!\n\n{quoted}"));
            assert_eq!(said, "Thanks!", "{quoted}");
            assert!(is_folded, "{quoted}");
        }
    }

    #[test]
    fn what_was_said_stays() {
        for whole in [
            "Thanks",
            "He wrote:\nsomething",
            "> a quote\nand what I say to it",
            "To: all of you\nHello",
            "a -- b",
        ] {
            assert_eq!(fold(whole), (whole.to_owned(), false), "{whole}");
        }
        let only_quotes = "> Hello\n> you";
        assert_eq!(fold(only_quotes), (only_quotes.to_owned(), false));
        assert_eq!(fold(""), (String::new(), false));
    }
}
