//! HTML that is written here: everything that comes from people is escaped.

/// A text as it stands in HTML, also in an attribute.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A whole document around a body that is HTML already. The language goes as HTML has it: `en`, `zh-CN`.
pub fn document(language: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n</head>\n\
         <body style=\"margin:0 auto;padding:24px 16px;max-width:36em;line-height:1.5;\
         font-family:system-ui,'PingFang SC','Microsoft YaHei',sans-serif\">\n{body}\n</body>\n</html>\n",
        escaped(language),
        escaped(title),
    )
}

/// A link to an address that is written here.
pub fn link(href: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(href), escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_text_or_an_attribute() {
        let evil = "<img src=x onerror='alert(1)'>\"&amp;";
        let safe = escaped(evil);
        assert_eq!(safe, "&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;amp;");
        assert!(link(evil, evil).matches('<').count() == 2);
    }
}
