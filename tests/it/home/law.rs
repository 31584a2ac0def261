//! What the sandbox's books say was sent and charged, and the law that every test is held to.

use firstcut::model::job::State;
use firstcut::sandbox::{Bill, Entry, EntryKind};
use serde_json::Value;

use super::{Home, PROGRAM};

impl Home {
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
