//! Havoc at moments from a seed: luck that can be repeated, signals to processes, and services that fail.

use firstcut::sandbox::{ErrorShape, Fault};

/// Luck from a seed (a multiplicative congruential generator is luck enough).
pub(crate) struct Luck(pub(crate) u64);

impl Luck {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// How much of it, from the environment.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// As `kill -STOP`, `-CONT`, `-INT` or `-TERM`. Nothing is done to a process that has ended.
pub(crate) fn signal(pid: Option<u32>, name: &str) {
    if let Some(pid) = pid {
        let sent = std::process::Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

/// A failure of the service, before or after it did what was asked.
pub(crate) fn error(status: u16, after_work: bool) -> Fault {
    Fault::Error {
        status,
        shape: ErrorShape::default(),
        code: None,
        message: None,
        retry_after: None,
        after_work,
        keep_ids: after_work,
    }
}
