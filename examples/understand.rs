//! `firstcut understand` over standard input and output: `cargo run --example understand -- route|gui [--explain]`.

use std::io::{self, BufWriter};

use firstcut::cli::understand::{Kind, run};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let kind = if args.iter().any(|a| a == "gui") { Kind::Gui } else { Kind::Route };
    run(kind, args.iter().any(|a| a == "--explain"), io::stdin().lock(), BufWriter::new(io::stdout().lock()))
}
