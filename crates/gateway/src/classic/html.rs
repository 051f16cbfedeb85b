//! Texts on their way into a page. The pages insert texts as HTML, so this HTML has to show the text and do nothing
//! else.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How pages are given texts and names.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Html {
    /// Safe to insert as HTML: texts are escaped, an editor's HTML is reduced to what an editor makes
    Escaped,
    /// As they were written, for pages that escape them
    Raw,
}

impl Html {
    /// A text as a page gets it.
    pub(super) fn of(self, text: &str) -> Cow<'_, str> {
        match self {
            Html::Escaped => escape(text),
            Html::Raw => text.into(),
        }
    }
}

/// HTML that shows this text, between tags and inside a quoted attribute.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let is_markup = |c: char| "&<>\"'".contains(c);
    if !text.contains(is_markup) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_no_markup_and_stays_whole() {
        let table = [
            ("plain, 你好 \u{1F600}\r\n", "plain, 你好 \u{1F600}\r\n"),
            (
                "<img src=x onerror='a(\"b\")'>",
                "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;",
            ),
            ("&amp; &", "&amp;amp; &amp;"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(Html::Escaped.of(text), expected);
            assert_eq!(Html::Raw.of(text), text);
        }
    }
}
