//! The official conformance suite against our handler behind our own HTTP door. It needs Node, so it runs only where
//! `tests/clients/install.sh DIR` put it: set `FIRSTCUT_CLIENTS=DIR`.
//!
//! Most of its scenarios call tools, prompts and resources that no real server has. They stand beside ours here, and
//! everything else is answered by the handler that the program has.

mod beside;
mod rounds;
mod words;

use std::path::Path;
use std::process::Stdio;

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::http::{Access, Server};
use firstcut::mcp::http::routes_for;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::clients::clients;
use beside::Beside;

/// Runs one frozen set of requirements, with what is known to fail and why.
async fn run(requirements: &str) {
    const SCRIPT: &str = "conformance/run.sh";
    let Some(dir) = clients(SCRIPT) else { return };
    let home = tempfile::tempdir().unwrap();
    let around = Surroundings::only(home.path()).and("FIRSTCUT_SERVICE", "sandbox");
    let app = App::build(Config::load(&Overrides::default(), &around).unwrap());
    let stop = CancellationToken::new();
    let server = Server::bind(app.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    let access = Access::new(app.config(), address).unwrap().unwrap();
    let ours = firstcut::mcp::Server::remote(app, stop.clone());
    let routes = routes_for(move || Beside::new(ours.for_another()));
    let serving = tokio::spawn(server.with(access.guard(routes)).run(stop.clone()));

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(SCRIPT);
    let output = Command::new("bash")
        .arg(script)
        .args([&format!("http://{address}/mcp"), requirements])
        .arg(dir)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_2025_11_25_requires() {
    run("2025-11-25").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_2026_07_28_requires() {
    run("2026-07-28").await;
}
