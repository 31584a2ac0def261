//! `routes`: names of the settings that spread prompts over models, and what came of each model.

pub(super) mod told;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Exit, Shell};
use crate::error::Result;
use crate::jobs::routes;

#[derive(Args, Debug)]
pub(super) struct Routes {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the routes of the settings (the same as no word)
    List,
    /// Compare a route's models: clips, cost, what was said of them, and whether one is better
    Report(Report),
}

#[derive(Args, Debug)]
struct Report {
    /// The route
    #[arg(value_name = "NAME")]
    name: String,
}

impl Routes {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        match self.command.unwrap_or(Command::List) {
            Command::List => {
                let set = &shell.app.config().routes;
                let routes: Vec<_> = set
                    .iter()
                    .map(|(name, route)| {
                        let arms: Vec<_> = route
                            .arms
                            .iter()
                            .map(|arm| json!({ "model": arm.model, "weight": arm.weight }))
                            .collect();
                        json!({ "route": name, "arms": arms })
                    })
                    .collect();
                let file = shell.app.config().config_file.display().to_string();
                let shape = json!({ "routes": routes, "config_file": file });
                shell.out.result(&shape, || told::routes(set, &file))?;
            }
            Command::Report(report) => {
                let comparison = routes::report::of_route(&shell.app, &report.name).await?;
                shell.out.result(&comparison, || told::comparison(&comparison))?;
            }
        }
        Ok(0)
    }
}
