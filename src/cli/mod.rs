//! The command line: the same work as over MCP, by hand; one file per command.

mod advice;
mod batch;
mod completions;
mod credits;
mod doctor;
mod edit;
mod estimate;
mod export;
mod follow;
mod install;
mod jobs;
mod join;
mod make;
mod mover;
mod page;
mod preview;
mod probe;
mod progress;
mod publish;
mod report;
mod routes;
mod sandbox;
mod serve;
mod state;
mod template;
mod text;
pub mod understand;
mod upload;
mod wallet;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::config::{Config, Overrides, Surroundings, start_log};
use crate::error::{Error, Result};
use crate::jobs::plan::{Caller, Door};
use report::Out;

/// What the shell is told, apart from 0 and the codes of [`Kind`](crate::error::Kind).
type Exit = u8;

/// A prompt in, an MP4 out.
#[derive(Debug, Parser)]
#[command(
    name = "firstcut",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(after_help = "Start with:
  firstcut make \"a 10-second video of a sunset over the ocean\"
      by NemoVideo: no account is needed, and its first 100 credits are free (about one clip)
  firstcut make \"a 10-second video of a sunset over the ocean\" --service sandbox
      a rehearsal: drawn on this machine, free, without a network
Then:
  firstcut edit \"add a title that says Pacific\" and firstcut export
  firstcut install, so that your assistant can do it; firstcut doctor, if something is wrong")]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Debug, Default)]
struct Globals {
    /// Print one JSON object on stdout, for machines; progress stays on stderr
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    /// Who makes the video: auto, nemo, skillboss or sandbox (a rehearsal on this machine, free)
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "NAME", value_parser = ["auto", "nemo", "skillboss", "sandbox"])]
    service: Option<String>,
    /// Keep settings, ledger and videos in this folder
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FOLDER")]
    home: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
enum Command {
    /// Make a video from a prompt and save it
    Make(make::Make),
    /// Say what a video would cost, and which models there are
    Estimate(estimate::Estimate),
    /// Change the current timeline by words
    Edit(edit::Edit),
    /// Show the current timeline
    State(state::State),
    /// Show the balance
    Credits(credits::Credits),
    /// Put files or web addresses into the session
    Upload(upload::Upload),
    /// Save the current timeline as an MP4
    Export(export::Export),
    /// Put a finished clip before people through a scheduler: drafts, unless a time is named
    Publish(publish::Publish),
    /// Join clips into one MP4, copying what agrees
    Join(join::Join),
    /// Show the SkillBoss wallet, set its limits, or get a free trial
    Wallet(wallet::Wallet),
    /// Change a Shotstack template through SkillBoss
    Template(template::Template),
    /// Make many videos from a file of prompts, within one budget
    Batch(batch::Batch),
    /// Show the routes that spread prompts over models, and compare the models
    Routes(routes::Routes),
    /// List, follow and settle jobs; by itself it lists them
    Jobs(jobs::Jobs),
    /// Serve an assistant over MCP on stdin and stdout
    Serve(serve::Serve),
    /// Move the ledger's jobs until stopped, and take services' notices
    Worker(worker::Worker),
    /// Run the services' stand-in on this machine, for tests of other programs
    Sandbox(sandbox::Sandbox),
    /// Let an assistant on this machine use firstcut; by itself it lists them
    Install(install::Install),
    /// Say what is configured, reachable, paid for and writable
    Doctor(doctor::Doctor),
    /// Say what is in a media file
    Probe(probe::Probe),
    /// Say how words are understood: JSON lines in, JSON lines out
    Understand(understand::Understand),
    /// Print the completions of a shell
    Completions(completions::Completions),
}

/// What every command gets.
struct Shell {
    app: App,
    caller: Caller,
    out: Out,
}

impl Cli {
    /// Reads the words of the command line.
    ///
    /// # Errors
    /// Help, version or a mistake were printed already; the process ends with this code.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        let words: Vec<_> = words.into_iter().collect();
        // As most assistants start it, at the beginning of every chat, needed or not: the words of all commands put
        // together would stay in memory.
        if let [_, serve] = words.as_slice()
            && serve == "serve"
        {
            return Ok(Self {
                globals: Globals::default(),
                command: Command::Serve(serve::Serve::default()),
            });
        }
        Self::try_parse_from(&words).map_err(|error| {
            let json = words.iter().any(|word| word == "--json");
            ExitCode::from(Out::new(json).usage(&error))
        })
    }

    /// Does what was asked and says how the process ends.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let out = Out::new(self.globals.json);
        let exit = self.start(out).unwrap_or_else(|error| out.error(&error));
        ExitCode::from(exit)
    }

    fn start(self, out: Out) -> Result<Exit> {
        // These need neither settings nor a service.
        match &self.command {
            Command::Completions(command) => return command.run(out),
            Command::Probe(command) => return command.run(out),
            Command::Understand(command) => return command.run(out),
            _ => {}
        }
        let flags = Overrides::default()
            .with("FIRSTCUT_HOME", self.globals.home)
            .with("FIRSTCUT_SERVICE", self.globals.service);
        let around = Surroundings::of_process()?;
        let config = Config::load(&flags, &around)?;
        start_log(&config);
        let caller = Caller { door: Door::Cli, working_dir: around.working_dir };
        let shell = Shell { app: App::build(config), caller, out };

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Error::internal("The program cannot start its threads.").because(error))?;
        let exit = runtime.block_on(shell.run(self.command));
        // What still blocks a thread, such as a read of stdin, must not hold the process; jobs survive any end.
        runtime.shutdown_background();
        exit
    }
}

impl Shell {
    /// Each command is boxed: else the stack has room for the largest one from the beginning.
    async fn run(&self, command: Command) -> Result<Exit> {
        match command {
            Command::Make(command) => Box::pin(command.run(self)).await,
            Command::Estimate(command) => Box::pin(command.run(self)).await,
            Command::Edit(command) => Box::pin(command.run(self)).await,
            Command::State(command) => Box::pin(command.run(self)).await,
            Command::Credits(command) => Box::pin(command.run(self)).await,
            Command::Upload(command) => Box::pin(command.run(self)).await,
            Command::Export(command) => Box::pin(command.run(self)).await,
            Command::Publish(command) => Box::pin(command.run(self)).await,
            Command::Join(command) => Box::pin(command.run(self)).await,
            Command::Batch(command) => Box::pin(command.run(self)).await,
            Command::Routes(command) => Box::pin(command.run(self)).await,
            Command::Jobs(command) => Box::pin(command.run(self)).await,
            Command::Serve(command) => Box::pin(command.run(self)).await,
            Command::Worker(command) => Box::pin(command.run(self)).await,
            Command::Wallet(command) => Box::pin(command.run(self)).await,
            Command::Template(command) => Box::pin(command.run(self)).await,
            Command::Sandbox(command) => Box::pin(command.run(self)).await,
            Command::Install(command) => Box::pin(command.run(self)).await,
            Command::Doctor(command) => Box::pin(command.run(self)).await,
            Command::Probe(command) => command.run(self.out),
            Command::Understand(command) => command.run(self.out),
            Command::Completions(command) => command.run(self.out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serve_alone_is_what_clap_reads() {
        let words = ["firstcut", "serve"].map(OsString::from);
        let read = Cli::try_parse_from(&words).unwrap();
        assert_eq!(format!("{:?}", Cli::read(words).unwrap()), format!("{read:?}"));
    }
}
