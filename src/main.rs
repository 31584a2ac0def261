//! The program: reads its words, does one thing, tells the shell how it went.

use std::process::ExitCode;

use firstcut::cli::Cli;

fn main() -> ExitCode {
    match Cli::read(std::env::args_os()) {
        Ok(cli) => cli.run(),
        Err(code) => code,
    }
}
