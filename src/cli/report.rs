//! The only code that prints: results on stdout, everything else on stderr.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::error::ErrorKind as Usage;
use serde::Serialize;
use serde_json::json;

use super::{Exit, advice};
use crate::error::{Error, Kind, Money, Result};
use crate::model::report::ErrorReport;

/// Where and how results are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    /// One JSON object for machines instead of text for people.
    pub(crate) json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// The result of the command: as JSON, or in the words of `text`.
    ///
    /// # Errors
    /// stdout goes to a file on a full disk. A reader that went away is no error.
    pub(crate) fn result(self, shape: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let shown = if self.json {
            let shape = serde_json::to_value(shape).map(|mut shape| {
                advice::for_scripts(&mut shape);
                shape
            });
            shape
                .and_then(|shape| serde_json::to_string_pretty(&shape))
                .map_err(|error| Error::internal("The result cannot be written as JSON.").because(error))?
        } else {
            plain(&text())
        };
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{}", shown.trim_end()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::storage(format!("The result cannot be written to stdout: {error}."), error))
            }
            _ => Ok(()),
        }
    }

    /// One line of JSON, at once: what changed, for a program that follows. A reader that went away is no error.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(crate) fn line(self, shape: &serde_json::Value) -> Result<()> {
        let mut shape = shape.clone();
        advice::for_scripts(&mut shape);
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{shape}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::storage(format!("The result cannot be written to stdout: {error}."), error))
            }
            _ => Ok(()),
        }
    }

    /// Whether a picture may be drawn behind the result: a person reads stdout on a terminal.
    pub(crate) fn draws(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Draws a picture behind the result: bytes that only a terminal of that kind understands.
    pub(crate) fn draw(self, drawing: &[u8]) {
        let mut stdout = io::stdout().lock();
        // The picture is beside the video as a file; a terminal that went away needs none.
        let _nobody_looks = stdout.write_all(drawing).and_then(|()| stdout.flush());
    }

    /// A result that is written bit by bit, in a form of its own. A reader that went away is no error.
    pub(crate) fn stream(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match write(&mut io::BufWriter::new(io::stdout().lock())) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// A result in a form of its own, such as a table.
    ///
    /// # Errors
    /// As [`result`](Self::result).
    pub(crate) fn raw(self, text: &str) -> Result<()> {
        self.stream(|out| out.write_all(text.as_bytes())).map_err(|error| {
            Error::storage(format!("The result cannot be written to stdout: {error}."), error)
        })
    }

    /// Whether a person sits at the terminal who can answer a question.
    pub(crate) fn is_answered(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a person at the terminal a question of yes or no. Where nobody sits, the answer is no.
    pub(crate) fn ask(self, question: &str) -> bool {
        if !self.is_answered() {
            return false;
        }
        let mut stderr = io::stderr().lock();
        let _nobody_reads = write!(stderr, "{}", plain(question)).and_then(|()| stderr.flush());
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// A line beside the result.
    pub(crate) fn note(self, line: &str) {
        // Nobody can be told that stderr is closed.
        let _nobody_reads = writeln!(io::stderr().lock(), "{}", plain(line));
    }

    /// Whether a person watches stderr, so that a line may be drawn over.
    pub(crate) fn is_watched(self) -> bool {
        io::stderr().is_terminal()
    }

    /// A failure, with its causes and what to do; gives the exit code.
    pub(crate) fn error(self, error: &Error) -> Exit {
        if self.json {
            let mut shape = ErrorReport::from(error);
            shape.message = message(error).into_owned();
            let shape = json!({ "error": shape });
            if let Err(second) = self.result(&shape, String::new) {
                self.note(&error_text(&second));
            }
        } else {
            self.note(&error_text(error));
        }
        error.kind().exit_code()
    }

    /// Help, version, or a command line that makes no sense; gives the exit code.
    pub(crate) fn usage(self, error: &clap::Error) -> Exit {
        let asked_for = matches!(
            error.kind(),
            Usage::DisplayHelp | Usage::DisplayVersion | Usage::DisplayHelpOnMissingArgumentOrSubcommand
        );
        if self.json && !asked_for {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            return self.error(&Error::invalid(format!("{first}.")).next("See firstcut --help."));
        }
        let _nobody_reads = error.print();
        if matches!(error.kind(), Usage::DisplayHelp | Usage::DisplayVersion) {
            0
        } else {
            Kind::InvalidInput.exit_code()
        }
    }
}

/// What happened; a wrong argument by the name that it has here.
fn message(error: &Error) -> Cow<'_, str> {
    match error.kind() {
        Kind::InvalidInput => advice::options(error.message()),
        _ => error.message().into(),
    }
}

/// A failure for people: what happened, its causes, the service's words, money, the next step.
pub(super) fn error_text(error: &Error) -> String {
    let mut text = format!("error: {}", message(error));
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let words = crate::redact::quote(&inner.to_string(), 300);
        // A message may have told its cause already.
        if !words.is_empty() && !text.contains(&words) {
            let _ = write!(text, "\n  because: {words}");
        }
        cause = inner.source();
    }
    if let Some(words) = error.quoted() {
        let _ = write!(text, "\n  the service said: {}", crate::redact::quotation(words));
    }
    if error.spent() != Money::NotSpent {
        let _ = write!(text, "\n  money: {}", error.spent().sentence());
    }
    if let Some(seconds) = error.wait_s() {
        let _ = write!(text, "\n  wait: {seconds} s before the next try");
    }
    if let Some(step) = error.next_step() {
        let _ = write!(text, "\n  next: {}", advice::for_people(step));
    }
    text
}

/// Text that cannot drive a terminal: services and files may say anything.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || turns_text(*c))).collect()
}

/// Invisible marks that reorder what is shown.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{9b}1mc\u{202e}d\r\n\te"), "a[2Jb1mcd\n\te");
    }

    #[test]
    fn an_error_tells_all_that_it_knows() {
        let cause = io::Error::other("no nmv_usr_CANARY0123456789 here");
        let error = Error::new(Kind::Uncertain, "The answer was lost.")
            .because(cause)
            .quoting("go\naway")
            .retry_after_s(30)
            .next("Look at the job.");
        assert_eq!(
            error_text(&error),
            "error: The answer was lost.\n  because: no nmv_usr_… here\n  the service said: \"go away\"\n  \
             money: It is not known whether credits were spent.\n  wait: 30 s before the next try\n  \
             next: Look at the job."
        );
    }
}
