//! Ports of this machine that no other test can take meanwhile: one where nobody listens, and one that is known before
//! the program behind it has chosen its own.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::process::ChildStderr;
use tokio::sync::watch;

use crate::patience::PATIENCE;

/// An address where nobody listens: its port is held, so that nobody can.
pub(crate) struct Nobody {
    pub(crate) url: String,
    _held: TcpSocket,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        let held = TcpSocket::new_v4().unwrap();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { url: format!("http://{}", held.local_addr().unwrap()), _held: held }
    }
}

/// What stands in front of a program out there: services know its address, and the program behind it may come and go.
pub(crate) struct Front {
    pub(crate) url: String,
    behind: watch::Sender<Option<SocketAddr>>,
}

impl Front {
    /// Ends with the test's runtime; hangs up on everybody until it leads somewhere.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (behind, leads) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let Some(place) = *leads.borrow() else { continue };
                tokio::spawn(async move {
                    if let Ok(mut program) = TcpStream::connect(place).await {
                        // A program that is killed breaks off.
                        let _ended = tokio::io::copy_bidirectional(&mut caller, &mut program).await;
                    }
                });
            }
        });
        Self { url, behind }
    }

    pub(crate) fn leads_to(&self, place: SocketAddr) {
        self.behind.send_replace(Some(place));
    }

    pub(crate) fn leads_nowhere(&self) {
        self.behind.send_replace(None);
    }

    /// Leads to the program that speaks here, as soon as it says where it listens. Ends with what the program says, so
    /// that a full pipe holds nobody up.
    pub(crate) fn follow(&self, said: ChildStderr) -> tokio::task::JoinHandle<()> {
        let behind = self.behind.clone();
        let mut lines = BufReader::new(said).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(place) = place_in(&line) {
                    behind.send_replace(Some(place));
                }
            }
        })
    }

    /// Waits until it leads to a program.
    pub(crate) async fn ready(&self) {
        let mut leads = self.behind.subscribe();
        let led = leads.wait_for(Option::is_some);
        let led = tokio::time::timeout(PATIENCE, led).await;
        led.expect("the program never said where it listens").unwrap();
    }
}

/// The address in `Listening on http://127.0.0.1:8787.`
fn place_in(line: &str) -> Option<SocketAddr> {
    let rest = line.strip_prefix("Listening on http://")?;
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != ':')
        .unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').parse().ok()
}
