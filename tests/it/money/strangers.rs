//! The listener among strangers: heads too large, heads that never end, too many callers, and who may see our numbers.

use std::time::{Duration, Instant};

use firstcut::http::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::home::Home;
use crate::patience::PATIENCE;

/// A listener in this process.
struct Door {
    _home: Home,
    address: String,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<firstcut::error::Result<()>>,
}

impl Door {
    async fn open() -> Self {
        let home = Home::paying(|_| {}).await;
        let server = Server::bind(home.app(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address().to_string();
        let stop = CancellationToken::new();
        let served = tokio::spawn(server.run(stop.clone()));
        Self { _home: home, address, stop, served }
    }

    async fn call(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Says this and hears the answer to its end.
    async fn say(&self, words: &str) -> String {
        let mut stream = self.call().await;
        stream.write_all(words.as_bytes()).await.unwrap();
        heard(&mut stream).await
    }

    async fn get(&self, path: &str, field: &str) -> String {
        self.say(&format!("GET {path} HTTP/1.1\r\nhost: here\r\n{field}connection: close\r\n\r\n")).await
    }

    async fn close(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.served).await.expect("it does not end").unwrap().unwrap();
    }
}

async fn heard(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    // Whoever is hung up on may hear a reset after the answer.
    let _ = tokio::time::timeout(PATIENCE, reading).await.expect("no end of the answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_are_too_large_are_refused() {
    let door = Door::open().await;
    let large = format!("x-large: {}\r\n", "x".repeat(20 * 1024));
    let many: String = (0..80).map(|n| format!("x-{n}: 1\r\n")).collect();
    for field in [large, many] {
        let answer = door.get("/healthz", &field).await;
        assert_eq!(status(&answer), "431", "{answer:.80}");
    }
    // What a proxy adds is well within.
    let usual: String = (0..40).map(|n| format!("x-{n}: {}\r\n", "1".repeat(100))).collect();
    assert_eq!(status(&door.get("/healthz", &usual).await), "200");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_this_machine_sees_our_numbers_and_everybody_sees_that_we_are_well() {
    let door = Door::open().await;
    let told = door.get("/metrics", "").await;
    assert_eq!(status(&told), "200");
    assert!(told.contains("firstcut_notices_total{outcome=\"taken\"} 0\n"), "{told}");
    assert!(told.contains("firstcut_connections 1\n"), "{told}");
    for field in ["X-Forwarded-For: 203.0.113.9\r\n", "Forwarded: for=203.0.113.9\r\n", "Via: 1.1 proxy\r\n"]
    {
        assert_eq!(status(&door.get("/metrics", field).await), "404", "{field}");
        assert_eq!(status(&door.get("/healthz", field).await), "200", "{field}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_turned_away_and_those_who_never_finish_make_room() {
    let door = Door::open().await;
    // They begin a head and say no more.
    let mut crowd = Vec::new();
    for _ in 0..256 {
        let mut stream = door.call().await;
        stream.write_all(b"POST /hooks/v1/x HTTP/1.1\r\nhost: h").await.unwrap();
        crowd.push(stream);
    }
    let full = door.get("/healthz", "").await;
    assert_eq!(status(&full), "503", "{full}");
    assert!(full.contains("retry-after: 5"), "{full}");
    let since = Instant::now();
    loop {
        if status(&door.get("/healthz", "").await) == "200" {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "nobody was hung up on");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // All of them, not only the first.
    for mut stream in crowd {
        let answer = heard(&mut stream).await;
        assert!(answer.is_empty() || status(&answer) == "408", "{answer}");
    }
    door.close().await;
}
