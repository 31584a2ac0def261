//! A throw-away home of the real program beside a sandbox in this process, whose books tell what was really sent.
//!
//! When a test ends, [`Home`] holds it to the law: no message twice, no charge twice, no token to a stranger, and
//! no job left moving.

mod law;
mod process;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::ledger::{Filter, Ledger, Office};
use firstcut::model::job::Job;
use firstcut::sandbox::{Clips, Fault, Options, Pace, Rule, Sandbox, Silence, WHOLESALE_KEY};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::patience::{LOOK_EVERY, PATIENCE, until};
use crate::talk::Talk;

pub(crate) use process::{Ran, Serve, ended, kill};

const PROGRAM: &str = env!("CARGO_BIN_EXE_firstcut");

/// A home, and the sandbox that its program takes for NemoVideo.
pub(crate) struct Home {
    folder: TempDir,
    pub(crate) sandbox: Sandbox,
    vars: Vec<(String, String)>,
    /// Who the programs run as, if not as the tests.
    #[cfg(unix)]
    somebody: Option<Somebody>,
    /// Jobs may stand unfinished when the test ends.
    pub(crate) may_leave_jobs: bool,
}

/// A user, and a place of the program where that user may run it.
#[cfg(unix)]
struct Somebody {
    program: PathBuf,
    uid: u32,
}

/// Options of a sandbox that does not wait and says something about every edit.
pub(crate) fn quick(folder: &Path) -> Options {
    let mut options = Options::in_folder(folder);
    options.pace = Pace::INSTANT;
    options.silence = Silence::Never;
    options.prices.starting_credits = 10_000;
    options.peer_limit = None;
    options
}

impl Home {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With a sandbox that differs from [`quick`].
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = quick(&folder.path().join("service"));
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        for name in ["home", "work"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            sandbox,
            vars: Vec::new(),
            #[cfg(unix)]
            somebody: None,
            may_leave_jobs: false,
        }
    }

    /// With a sandbox that the program takes for SkillBoss too, and pays with a wholesale key. Its clips are plain cards.
    pub(crate) async fn paying(change: impl FnOnce(&mut Options)) -> Self {
        let mut home = Self::with(|options| {
            options.skillboss.clips = Clips::Tiny;
            options.skillboss.webhooks.loopback = true;
            options.skillboss.balance_usd = firstcut::sandbox::Usd::cents(100_000);
            change(options);
        })
        .await;
        home.set("SKILLBOSS_WHOLESALE_KEY", WHOLESALE_KEY);
        home.set("SKILLBOSS_API_URL", home.sandbox.skillboss.api_url());
        home.set("SKILLBOSS_WEB_URL", home.sandbox.url.clone());
        home.set("FIRSTCUT_SERVICE", "skillboss");
        home.set("FIRSTCUT_PREVIEW", "none");
        home
    }

    /// The parts of the program in this process, with the settings that a process would have now.
    pub(crate) fn app(&self) -> App {
        let mut around = Surroundings::only(&self.path());
        for (name, value) in self.vars() {
            around = around.and(&name, &value);
        }
        App::build(Config::load(&Overrides::default(), &around).unwrap())
    }

    /// With these rules from the start.
    pub(crate) async fn with_faults(rules: impl IntoIterator<Item = Rule>) -> Self {
        let home = Self::new().await;
        for rule in rules {
            home.sandbox.faults.add(rule);
        }
        home
    }

    /// Sets a variable of the environment of every program from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.vars.retain(|(known, _)| known != name);
        self.vars.push((name.to_owned(), value.into()));
    }

    pub(crate) fn no_more_faults(&self) {
        self.sandbox.faults.set(firstcut::sandbox::Faults::default());
    }

    /// `FIRSTCUT_HOME`.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The folder that programs are started in.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Everything: home, work, and the sandbox's books.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.work().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn vars(&self) -> Vec<(String, String)> {
        let own = [
            ("HOME", self.path().display().to_string()),
            ("FIRSTCUT_HOME", self.path().display().to_string()),
            ("FIRSTCUT_SERVICE", "nemo".to_owned()),
            ("FIRSTCUT_ALLOW_LOOPBACK", "1".to_owned()),
            ("FIRSTCUT_POLL_S", "0.1".to_owned()),
            ("NEMO_API_URL", self.sandbox.url.clone()),
            ("NEMO_WEB_URL", self.sandbox.url.clone()),
        ];
        let mut vars: Vec<_> = own.map(|(name, value)| (name.to_owned(), value)).into();
        for (name, value) in &self.vars {
            vars.retain(|(known, _)| known != name);
            vars.push((name.clone(), value.clone()));
        }
        vars
    }

    /// Everybody but root is stopped by a file's permissions: programs run as a user without rights from now on, who
    /// owns home and work. Where the tests are no root themselves, they are such a user already.
    #[cfg(unix)]
    pub(crate) fn run_without_rights(&mut self) {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
        if std::fs::metadata(self.path()).unwrap().uid() != 0 {
            return;
        }
        let nobody = 65_534;
        std::fs::set_permissions(self.root(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for folder in [self.path(), self.work()] {
            chown(folder, Some(nobody), Some(nobody)).unwrap();
        }
        // Where the program was built may be closed to others.
        let program = self.root().join("firstcut");
        if std::fs::hard_link(PROGRAM, &program).is_err() {
            std::fs::copy(PROGRAM, &program).unwrap();
        }
        self.somebody = Some(Somebody { program, uid: nobody });
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        #[cfg(unix)]
        let mut command = match &self.somebody {
            None => Command::new(PROGRAM),
            Some(somebody) => {
                let mut command = Command::new(&somebody.program);
                command.uid(somebody.uid).gid(somebody.uid);
                command
            }
        };
        #[cfg(not(unix))]
        let mut command = Command::new(PROGRAM);
        command.args(words).env_clear().envs(self.vars()).current_dir(self.work());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, words: &[&str]) -> Ran {
        ended(self.command(words)).await
    }

    /// Starts a command and leaves it alone.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// A server after its handshake.
    pub(crate) async fn serve(&self) -> Serve {
        let mut command = self.command(&["serve"]);
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut talk = Talk::over(child.stdout.take().unwrap(), child.stdin.take().unwrap());
        talk.initialize().await;
        Serve { child, talk }
    }

    // --- what the program wrote down

    /// The name of the process that moves real jobs (or rehearsed ones), or moved them last: it begins with its number.
    pub(crate) async fn mover(&self, office: Office) -> String {
        let id = match office {
            Office::Real => 1,
            Office::Rehearsal => 2,
        };
        let path = SqliteConnectOptions::new().filename(self.path().join("ledger.sqlite"));
        let Ok(mut ledger) = SqliteConnection::connect_with(&path).await else { return String::new() };
        let owner = sqlx::query_scalar("SELECT owner FROM dispatcher WHERE id = $1");
        let owner = owner.bind(id).fetch_one(&mut ledger).await.unwrap_or_default();
        ledger.close().await.unwrap();
        owner
    }

    /// Waits until a process moves these jobs.
    pub(crate) async fn moved_by(&self, process: &Child, office: Office) {
        let begin = format!("{}-", process.id().unwrap());
        let look = async {
            while !self.mover(office).await.starts_with(&begin) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("never elected");
    }

    /// The ledger, to look at; none before the program made one.
    pub(crate) async fn ledger(&self) -> Option<Ledger> {
        let path = self.path().join("ledger.sqlite");
        if path.exists() { Ledger::open(&path).await.ok() } else { None }
    }

    /// Jobs that are nobody's part, newest first.
    pub(crate) async fn jobs(&self) -> Vec<Job> {
        let Some(ledger) = self.ledger().await else { return Vec::new() };
        let jobs = ledger.list(&Filter { roots_only: true, ..Filter::default() }, 1000).await.unwrap();
        ledger.close().await;
        jobs
    }

    /// Waits until some job fits.
    pub(crate) async fn job_that(&self, fits: impl Fn(&Job) -> bool) -> Job {
        let look = async {
            loop {
                if let Some(ledger) = self.ledger().await {
                    let found = ledger.list(&Filter::default(), 1000).await.unwrap_or_default();
                    ledger.close().await;
                    if let Some(job) = found.into_iter().find(|job| fits(job)) {
                        return job;
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("no such job")
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        until(what, async || so(self)).await;
    }
}

/// A rule that always strikes.
pub(crate) fn always(endpoint: firstcut::sandbox::Endpoint, fault: Fault) -> Rule {
    Rule { times: 0, ..Rule::once(endpoint, fault) }
}

/// The report's file, which must be there and playable.
pub(crate) fn playable(report: &Value) -> PathBuf {
    let path =
        PathBuf::from(report["files"][0]["path"].as_str().unwrap_or_else(|| panic!("no file: {report:#}")));
    let found =
        firstcut::media::probe::probe(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(found.video_codec.as_deref(), Some("h264"), "{found:?}");
    assert!(found.duration_s.is_some_and(|seconds| seconds > 0.5), "{found:?}");
    path
}
