//! A throw-away home of the real program beside a sandbox in this process, whose books tell what was really sent.
//!
//! When a test ends, [`Home`] holds it to the law: no message twice, no charge twice, no token to a stranger, and
//! no job left moving.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use firstcut::app::App;
use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::ledger::{Filter, Ledger};
use firstcut::model::job::{Job, State};
use firstcut::sandbox::{
    Bill, Clips, Entry, EntryKind, Fault, Options, Pace, Rule, Sandbox, Silence, WHOLESALE_KEY,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::talk::{PATIENCE, Talk};

const PROGRAM: &str = env!("CARGO_BIN_EXE_firstcut");

/// Between two looks at something that is about to happen.
const LOOK_EVERY: Duration = Duration::from_millis(10);

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

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What `--json` printed.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same from a command that must have ended well.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.json()
    }

    /// The error from a command that must not have ended well.
    pub(crate) fn error(&self) -> Value {
        assert_ne!(self.code, Some(0), "{self:?}");
        let error = self.json()["error"].clone();
        assert!(error.is_object(), "{self:?}");
        error
    }
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

    // --- what the sandbox wrote down

    /// Requests to an endpoint, by its name in fault rules.
    pub(crate) fn requests(&self, endpoint: &str) -> Vec<Entry> {
        let all = self.sandbox.log.requests().unwrap();
        all.into_iter().filter(|entry| entry.endpoint == endpoint).collect()
    }

    /// The messages that were sent, in order.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.requests("run_sse").into_iter().filter_map(|entry| entry.text).collect()
    }

    /// Credits that were charged for messages that contain this.
    pub(crate) fn charged(&self, text: &str) -> Vec<i64> {
        let charges = self.sandbox.log.charges().unwrap();
        charges.into_iter().filter(|charge| charge.text.contains(text)).map(|charge| charge.credits).collect()
    }

    /// Requests that cost, or leave something behind.
    pub(crate) fn effects(&self) -> usize {
        ["run_sse", "render_submit", "upload", "with_session"]
            .iter()
            .map(|name| self.requests(name).len())
            .sum()
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let look = async {
            while !so(self) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "never happened: {what}");
    }

    /// Charges in dollars by the job that they were for, as the sandbox wrote them down.
    pub(crate) fn bills(&self) -> std::collections::BTreeMap<String, Vec<Bill>> {
        let mut bills = std::collections::BTreeMap::<String, Vec<Bill>>::new();
        let submissions = self.sandbox.skillboss.submissions();
        for bill in self.sandbox.skillboss.charges() {
            let of = submissions.iter().find(|one| one.id == bill.id).unwrap();
            // The key is the job and the number of the attempt.
            let key = of.idempotency_key.as_deref().unwrap_or(&bill.id);
            let job = key.rsplit_once('.').map_or(key, |(job, _)| job);
            bills.entry(job.to_owned()).or_default().push(bill);
        }
        bills
    }

    /// Nothing is paid twice, and nothing is asked for again while an earlier request may still be charged.
    fn hold_to_the_law_of_dollars(&self) {
        for (job, bills) in self.bills() {
            assert!(bills.len() < 2, "{job} was charged twice: {bills:?}");
        }
        let mut latest = std::collections::HashMap::new();
        for one in self.sandbox.skillboss.submissions() {
            let Some((job, _)) = one.idempotency_key.as_deref().and_then(|key| key.rsplit_once('.')) else {
                continue;
            };
            let over: Option<firstcut::sandbox::Submission> = latest.insert(job.to_owned(), one.clone());
            let free = over.as_ref().is_none_or(|over| over.status == "FAILED" || over.status == "CANCELLED");
            assert!(free, "{job} was sent again beside {over:?}");
        }
    }

    /// What holds for every test, however it went.
    fn hold_to_the_law(&self) {
        let entries = self.sandbox.log.entries().unwrap();
        let leaks: Vec<_> = entries.iter().filter(|entry| entry.kind == EntryKind::Leak).collect();
        assert!(leaks.is_empty(), "a token went to the file server: {leaks:?}");

        let mut sent = std::collections::HashSet::new();
        // An explicit refusal, and a connection that was cut before anything was done, may be followed by another try.
        let refused = ["status", "web_page", "cut", "expire_token", "lose_session"];
        let taken = self.requests("run_sse");
        let taken = taken.iter().filter(|entry| {
            let struck = entry.faults.iter().any(|fault| refused.contains(&fault.as_str()));
            let answer = entries.iter().find(|it| it.kind == EntryKind::Answer && it.seq == entry.seq);
            !struck && answer.is_none_or(|answer| answer.status == Some(200))
        });
        for entry in taken {
            let key = (entry.session.clone(), entry.text.clone());
            assert!(sent.insert(key), "a message was sent twice: {entry:?}");
        }
        let mut charged = std::collections::HashSet::new();
        for charge in self.sandbox.log.charges().unwrap() {
            let key = (charge.session.clone(), charge.text.clone());
            assert!(charge.credits == 0 || charged.insert(key), "charged twice: {charge:?}");
        }
        self.hold_to_the_law_of_dollars();
        if !self.may_leave_jobs && self.path().join("ledger.sqlite").exists() {
            let mut command = std::process::Command::new(PROGRAM);
            command.args(["jobs", "list", "--json", "--limit", "100"]).env_clear().envs(self.vars());
            let listed: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
            for job in listed["jobs"].as_array().into_iter().flatten() {
                let state: State = job["state"].as_str().unwrap().parse().unwrap();
                assert!(state.is_at_rest(), "a job was left behind: {job:#}");
            }
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.hold_to_the_law();
        }
    }
}

/// Runs a command to its end.
pub(crate) async fn ended(mut command: Command) -> Ran {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A running `serve` and the client's end of its pipes.
pub(crate) struct Serve {
    child: Child,
    pub(crate) talk: Talk,
}

impl Serve {
    /// Of the running process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// As `kill -9`.
    pub(crate) async fn kill(mut self) {
        kill(&mut self.child).await;
    }

    /// Closes its input and waits for the end.
    pub(crate) async fn hang_up(self) {
        let Self { mut child, talk } = self;
        drop(talk);
        let left = tokio::time::timeout(PATIENCE, child.wait()).await.expect("the server stays").unwrap();
        assert_eq!(left.code(), Some(0));
    }

    /// Makes a video and gives its report, however the job stands then.
    pub(crate) async fn generate(&mut self, prompt: &str, wait_s: f64) -> Value {
        self.talk.call_ok("generate_video", json!({"prompt": prompt, "wait_seconds": wait_s})).await
    }

    /// The report of a job at rest; it may have failed.
    pub(crate) async fn rested(&mut self, job_id: &str) -> Value {
        let look = json!({"job_id": job_id, "wait_seconds": 60});
        let answer = self.talk.call("check_job", look).await;
        answer["result"]["structuredContent"].clone()
    }
}

/// As `kill -9`; comes back when the process is gone.
pub(crate) async fn kill(child: &mut Child) {
    // It may have ended by itself already.
    let _ended = child.start_kill();
    child.wait().await.unwrap();
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
