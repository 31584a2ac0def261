//! `template`: changes a Shotstack template through SkillBoss.

use std::io::ErrorKind;
use std::path::PathBuf;

use clap::Args;

use super::make::{Again, Wait};
use super::preview::Look;
use super::{Exit, Shell};
use crate::error::{Error, Result};
use crate::jobs::clip::template::{self, TemplateInput};

/// More than any definition that is taken.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Args, Debug)]
pub(super) struct Template {
    /// The template's id
    #[arg(value_name = "ID")]
    id: String,
    /// Its name from now on
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its definition from now on: a JSON file with timeline and output
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Empty the template: without this, an update that would do so is refused
    #[arg(long, conflicts_with = "file")]
    blank: bool,
    /// The most it may cost, in US dollars
    #[arg(long, value_name = "USD", value_parser = super::make::amount, allow_negative_numbers = true)]
    max_cost_usd: Option<f64>,
    #[command(flatten)]
    again: Again,
    #[command(flatten)]
    wait: Wait,
}

impl Template {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let input = TemplateInput {
            id: self.id,
            name: self.name,
            definition: self.file.map(|file| read(&file)).transpose()?,
            blank: self.blank,
            service: None,
            max_cost_usd: self.max_cost_usd,
            quote_token: None,
            request_id: self.again.request_id,
            new: self.again.new,
        };
        let submitted = template::update(&shell.app, input).await?;
        shell.note_repeat(&submitted);
        shell.follow(&submitted.job.id, self.wait.limit, Look::default(), "Updating…").await
    }
}

fn read(file: &std::path::Path) -> Result<serde_json::Value> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::IsADirectory => {
            Error::invalid(format!("There is no file {}. Nothing was sent.", file.display()))
                .next("Give a file with an object that has timeline and output.")
                .because(error)
        }
        _ => Error::storage(format!("{} cannot be read. Nothing was sent.", file.display()), error),
    };
    let bytes = std::fs::metadata(file).map_err(unreadable)?.len();
    if bytes > MAX_BYTES {
        return Err(Error::invalid(format!(
            "{} is too large for a definition. Nothing was sent.",
            file.display()
        )));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(|error| {
        Error::invalid(format!("{} is no JSON: {error}. Nothing was sent.", file.display()))
            .next("Give a file with an object that has timeline and output.")
    })
}
