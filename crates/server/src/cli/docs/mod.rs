//! `encke docs`: the reference pages. Each is made of the same source as the thing that it describes.
//!
//! The pages are committed under `docs/reference`. A test fails when one of them is stale; `make reference` writes them
//! anew.

mod errors;
mod limits;
mod metrics;
mod options;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use encke_site::Products;

use crate::http::openapi;

/// Characters of a line of text.
const WIDTH: usize = 120;

#[derive(clap::Args)]
pub struct Docs {
    /// The page to print
    #[arg(value_enum, required_unless_present = "write")]
    page: Option<Page>,
    /// Write all pages into this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "page")]
    write: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy)]
enum Page {
    /// Options of the server
    Options,
    /// A configuration file with every option
    Example,
    /// Limits
    Limits,
    /// Error codes
    Errors,
    /// Metrics of /metrics
    Metrics,
    /// The description of the API
    Openapi,
}

impl Page {
    fn file(self) -> &'static str {
        match self {
            Page::Options => "options.md",
            Page::Example => "encke.example.toml",
            Page::Limits => "limits.md",
            Page::Errors => "errors.md",
            Page::Metrics => "metrics.md",
            Page::Openapi => "openapi.json",
        }
    }

    fn text(self, products: Products) -> String {
        match self {
            Page::Options => options::page(),
            Page::Example => options::example(),
            Page::Limits => limits::page(),
            Page::Errors => errors::page(),
            Page::Metrics => metrics::page(),
            Page::Openapi => openapi::text(products),
        }
    }
}

impl Docs {
    /// Prints a page, or writes all of them.
    pub fn run(self, products: Products) -> Result<()> {
        if let Some(page) = self.page {
            print!("{}", page.text(products));
        }
        let Some(folder) = self.write else { return Ok(()) };
        for page in Page::value_variants() {
            let file = folder.join(page.file());
            fs::write(&file, page.text(products))
                .with_context(|| format!("writing {}", file.display()))?;
        }
        Ok(())
    }
}

/// The first lines of a page: its title and its source.
fn head(title: &str, source: &str) -> String {
    format!("<!-- Made by `make reference` out of {source}. -->\n\n# {title}\n\n")
}

/// Wraps a paragraph at [`WIDTH`] characters and begins each line with `begin`.
fn wrapped(text: &str, begin: &str) -> String {
    let (mut out, mut line) = (String::new(), begin.to_owned());
    for word in text.split_whitespace() {
        if line.len() > begin.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = begin.to_owned();
        } else if line.len() > begin.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out + line.trim_end() + "\n"
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_wrapped_where_a_line_is_full() {
        let word = "x".repeat(59);
        let text = wrapped(&format!("{word} {word} {word}"), "# ");
        assert_eq!(text, format!("# {word}\n# {word}\n# {word}\n"));
        let word = "x".repeat(58);
        let text = wrapped(&format!("{word} {word} {word}"), "# ");
        assert_eq!(text, format!("# {word} {word}\n# {word}\n"));
    }
}
