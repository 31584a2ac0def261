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
mod later;
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
use later::Later;
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

#[derive(Args, Debug)]
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
    Make(Later<make::Make>),
    /// Say what a video would cost, and which models there are
    Estimate(Later<estimate::Estimate>),
    /// Change the current timeline by words
    Edit(Later<edit::Edit>),
    /// Show the current timeline
    State(Later<state::State>),
    /// Show the balance
    Credits(Later<credits::Credits>),
    /// Put files or web addresses into the session
    Upload(Later<upload::Upload>),
    /// Save the current timeline as an MP4
    Export(Later<export::Export>),
    /// Put a finished clip before people through a scheduler: drafts, unless a time is named
    Publish(Later<publish::Publish>),
    /// Join clips into one MP4, copying what agrees
    Join(Later<join::Join>),
    /// Show the SkillBoss wallet, set its limits, or get a free trial
    Wallet(Later<wallet::Wallet>),
    /// Change a Shotstack template through SkillBoss
    Template(Later<template::Template>),
    /// Make many videos from a file of prompts, within one budget
    Batch(Later<batch::Batch>),
    /// Show the routes that spread prompts over models, and compare the models
    Routes(Later<routes::Routes>),
    /// List, follow and settle jobs; by itself it lists them
    Jobs(Later<jobs::Jobs>),
    /// Serve an assistant over MCP on stdin and stdout
    Serve(Later<serve::Serve>),
    /// Move the ledger's jobs until stopped, and take services' notices
    Worker(Later<worker::Worker>),
    /// Run the services' stand-in on this machine, for tests of other programs
    Sandbox(Later<sandbox::Sandbox>),
    /// Let an assistant on this machine use firstcut; by itself it lists them
    Install(Later<install::Install>),
    /// Say what is configured, reachable, paid for and writable
    Doctor(Later<doctor::Doctor>),
    /// Say what is in a media file
    Probe(Later<probe::Probe>),
    /// Say how words are understood: JSON lines in, JSON lines out
    Understand(Later<understand::Understand>),
    /// Print the completions of a shell
    Completions(Later<completions::Completions>),
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
            Command::Completions(Later(command)) => return command.run(out),
            Command::Probe(Later(command)) => return command.run(out),
            Command::Understand(Later(command)) => return command.run(out),
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
    async fn run(&self, command: Command) -> Result<Exit> {
        match command {
            Command::Make(Later(command)) => command.run(self).await,
            Command::Estimate(Later(command)) => command.run(self).await,
            Command::Edit(Later(command)) => command.run(self).await,
            Command::State(Later(command)) => command.run(self).await,
            Command::Credits(Later(command)) => command.run(self).await,
            Command::Upload(Later(command)) => command.run(self).await,
            Command::Export(Later(command)) => command.run(self).await,
            Command::Publish(Later(command)) => command.run(self).await,
            Command::Join(Later(command)) => command.run(self).await,
            Command::Batch(Later(command)) => command.run(self).await,
            Command::Routes(Later(command)) => command.run(self).await,
            Command::Jobs(Later(command)) => command.run(self).await,
            Command::Serve(Later(command)) => command.run(self).await,
            Command::Worker(Later(command)) => command.run(self).await,
            Command::Wallet(Later(command)) => command.run(self).await,
            Command::Template(Later(command)) => command.run(self).await,
            Command::Sandbox(Later(command)) => command.run(self).await,
            Command::Install(Later(command)) => command.run(self).await,
            Command::Doctor(Later(command)) => command.run(self).await,
            Command::Probe(Later(command)) => command.run(self.out),
            Command::Understand(Later(command)) => command.run(self.out),
            Command::Completions(Later(command)) => command.run(self.out),
        }
    }
}
