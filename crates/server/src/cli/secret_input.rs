//! Reading of secrets: from a terminal, which hides them, or from a line of the input.

use std::io::{BufRead, IsTerminal, Stdin, Write, stderr, stdin};

use anyhow::{Context, Result, ensure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Reads a secret. At a terminal it asks twice, because the typed text is not shown.
pub fn read(what: &str) -> Result<String> {
    let input = stdin();
    if !input.is_terminal() {
        return line(what, &input);
    }
    let hidden = Hidden::new(&input)?;
    let first = asked(what, &input)?;
    let again = asked(&format!("{what} again"), &input)?;
    drop(hidden);
    ensure!(first == again, "these are two different ones; nothing was changed");
    Ok(first)
}

fn asked(what: &str, input: &Stdin) -> Result<String> {
    eprint!("{what}: ");
    stderr().flush()?;
    let typed = line(what, input);
    // The terminal did not show the Enter key either.
    eprintln!();
    typed
}

fn line(what: &str, input: &Stdin) -> Result<String> {
    let mut line = String::new();
    input.lock().read_line(&mut line).with_context(|| format!("reading: {what}"))?;
    let text = line.trim_end_matches(['\r', '\n']);
    ensure!(!text.is_empty(), "nothing was given: {what}");
    Ok(text.to_owned())
}

/// A terminal that hides all typed text until this value is dropped.
struct Hidden<'a> {
    terminal: &'a Stdin,
    before: Termios,
}

impl<'a> Hidden<'a> {
    /// Hides typed text from now on. Text that was typed before is thrown away, because it was shown.
    fn new(terminal: &'a Stdin) -> Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Hidden { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
