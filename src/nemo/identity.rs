//! Identity: the client id and the anonymous token, kept in private files that several processes share.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::redact::Secret;

const CLIENT_ID_FILE: &str = "client_id";
const TOKEN_FILE: &str = "nemo-token.json";
const LOCK_FILE: &str = "nemo.lock";

/// Another process may be waiting for the service, with its repeats and the pause on 429.
const LOCK_PATIENCE: Duration = Duration::from_secs(5 * 60);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A token this close to its end is replaced before it is used: a turn may take a quarter of an hour.
const MARGIN: SignedDuration = SignedDuration::from_mins(30);

/// Tokens live seven days when the service does not say otherwise (NemoVideo skill, First-Time Connection).
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An anonymous token and what belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) user_id: Option<String>,
    pub(super) expires_at: Timestamp,
    pub(super) obtained_at: Timestamp,
}

impl Token {
    /// Whether our clock lets it pass. The service has the last word; a clock that was set back must not make a token
    /// live longer than the service allows, nor may one that was set forward cost an account.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let lasts = now.saturating_add(MARGIN).is_ok_and(|soon| soon < self.expires_at);
        let plausible = now.saturating_add(LIFETIME).is_ok_and(|later| later >= self.obtained_at);
        lasts && plausible
    }
}

/// The token file. The service's address belongs to it: a token goes nowhere else.
#[derive(Serialize, Deserialize)]
struct Stored {
    api_url: String,
    client_id: String,
    token: String,
    user_id: Option<String>,
    /// RFC 3339.
    expires_at: String,
    /// RFC 3339.
    obtained_at: String,
}

/// The folder of the files, while this process alone may change them.
pub(super) struct Locked {
    folder: PathBuf,
    _lock: File,
}

impl Locked {
    /// Waits until no other process holds the lock, at most as long as the service may keep that process waiting.
    /// It asks again and again instead of blocking a thread, so that this process can end meanwhile.
    pub(super) async fn open(folder: &Path) -> Result<Self> {
        let cannot = |error| {
            Error::storage(
                format!("The folder {} cannot be used to keep NemoVideo's identity.", folder.display()),
                error,
            )
            .next(
                "Make it writable, or set FIRSTCUT_HOME to a folder that is, or put a token into NEMO_TOKEN.",
            )
        };
        create_private_folder(folder).map_err(cannot)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        private(&mut options);
        let lock = options.open(folder.join(LOCK_FILE)).map_err(cannot)?;
        let locked = tokio::time::timeout(LOCK_PATIENCE, async {
            loop {
                match lock.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
        });
        locked.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(cannot)?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// The client id: kept for good, because each new one counts against a quota per network address
    /// (ten tokens in seven days) and means another account.
    pub(super) fn client_id(&self) -> Result<String> {
        let path = self.folder.join(CLIENT_ID_FILE);
        match fs::read_to_string(&path) {
            Ok(kept) if is_client_id(kept.trim()) => Ok(kept.trim().to_owned()),
            Ok(_) => self.new_client_id(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
                self.new_client_id()
            }
            Err(error) => {
                Err(Error::storage(format!("The client id in {} cannot be read.", path.display()), error))
            }
        }
    }

    /// Makes another client id and keeps it.
    pub(super) fn new_client_id(&self) -> Result<String> {
        let id = Uuid::new_v4().to_string();
        self.write(CLIENT_ID_FILE, format!("{id}\n").as_bytes())?;
        Ok(id)
    }

    /// The kept token for this service and client id, fresh or not. A damaged file counts as none.
    pub(super) fn token(&self, api_url: &str, client_id: &str) -> Option<Token> {
        let stored = match serde_json::from_slice::<Stored>(&fs::read(self.folder.join(TOKEN_FILE)).ok()?) {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(%error, "the kept NemoVideo token is damaged and will be replaced");
                return None;
            }
        };
        if stored.api_url != api_url || stored.client_id != client_id {
            return None;
        }
        Some(Token {
            expires_at: stored.expires_at.parse().ok()?,
            obtained_at: stored.obtained_at.parse().ok()?,
            secret: Secret::new(stored.token),
            user_id: stored.user_id,
        })
    }

    /// Keeps a token.
    pub(super) fn keep(&self, api_url: &str, client_id: &str, token: &Token) -> Result<()> {
        let stored = Stored {
            api_url: api_url.to_owned(),
            client_id: client_id.to_owned(),
            token: token.secret.reveal().to_owned(),
            user_id: token.user_id.clone(),
            expires_at: token.expires_at.to_string(),
            obtained_at: token.obtained_at.to_string(),
        };
        let json = serde_json::to_vec_pretty(&stored)
            .map_err(|error| Error::internal("A token cannot be written down.").because(error))?;
        self.write(TOKEN_FILE, &json)
    }

    /// Writes a private file whole or not at all.
    fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let (path, new) = (self.folder.join(name), self.folder.join(format!("{name}.new")));
        let write = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            private(&mut options);
            let mut file = options.open(&new)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error: io::Error| {
            Error::storage(format!("The file {} cannot be written.", path.display()), error)
                .next("Make its folder writable, or set FIRSTCUT_HOME to a folder that is, or put a token into NEMO_TOKEN.")
        })
    }
}

/// Up to 64 characters that a header can carry.
pub(super) fn is_client_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn clocks_that_jump() {
        let token = Token {
            secret: Secret::new("nmv_usr_x"),
            user_id: None,
            obtained_at: at("2026-03-11T00:00:00Z"),
            expires_at: at("2026-03-18T00:00:00Z"),
        };
        for (now, fresh) in [
            ("2026-03-11T00:00:01Z", true),
            ("2026-03-17T23:29:00Z", true),
            ("2026-03-17T23:31:00Z", false),
            ("2026-03-18T00:00:01Z", false),
            ("2036-01-01T00:00:00Z", false),
            ("2026-03-10T00:00:00Z", true),
            ("1970-01-02T00:00:00Z", false),
        ] {
            assert_eq!(token.is_fresh(at(now)), fresh, "{now}");
        }
    }

    #[tokio::test]
    async fn files_are_private_and_survive_damage() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/firstcut");
        let files = Locked::open(&folder).await.unwrap();
        let id = files.client_id().unwrap();
        assert_eq!(files.client_id().unwrap(), id);
        let token = Token {
            secret: Secret::new("nmv_usr_x"),
            user_id: Some("anon_1".into()),
            obtained_at: at("2026-03-11T00:00:00Z"),
            expires_at: at("2026-03-18T00:00:00Z"),
        };
        files.keep("https://a.test", &id, &token).unwrap();
        assert_eq!(files.token("https://a.test", &id).unwrap().secret.reveal(), "nmv_usr_x");
        assert!(files.token("https://b.test", &id).is_none(), "a token belongs to one service");
        assert!(files.token("https://a.test", "other").is_none());
        #[cfg(unix)]
        for file in fs::read_dir(&folder).unwrap() {
            use std::os::unix::fs::PermissionsExt;
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
        fs::write(folder.join(TOKEN_FILE), "{").unwrap();
        assert!(files.token("https://a.test", &id).is_none());
        for damaged in [b"".as_slice(), b" \n", b"a b", b"\xff\xfe", &[b'x'; 65]] {
            fs::write(folder.join(CLIENT_ID_FILE), damaged).unwrap();
            assert!(is_client_id(&files.client_id().unwrap()));
        }
        fs::write(folder.join(CLIENT_ID_FILE), "my-own-id\n").unwrap();
        assert_eq!(files.client_id().unwrap(), "my-own-id");
    }
}
