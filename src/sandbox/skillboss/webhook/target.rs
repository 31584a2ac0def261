//! Which addresses may be told: https and public, or, when the options say so, this machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::sandbox::loopback::on_this_machine;
use crate::sandbox::skillboss::SkillBoss;
use crate::sandbox::skillboss::answer::Refusal;

/// The longest address.
const LONGEST: usize = 2048;

impl SkillBoss {
    /// Checks a `webhook_url` as the service does at submission. Names are not looked up: the sandbox asks no network,
    /// so a name counts as public unless it is known not to be.
    pub(in crate::sandbox::skillboss) fn webhook_target(&self, text: &str) -> Result<String, Refusal> {
        match fault_of(text, self.options.webhooks.loopback) {
            None => Ok(text.to_owned()),
            Some(why) => Err(Refusal::bad("webhook_url_refused", format!("webhook_url: {why}"))
                .with("param", "webhook_url")),
        }
    }
}

/// What is wrong with an address.
fn fault_of(text: &str, loopback: bool) -> Option<&'static str> {
    if text.len() > LONGEST {
        return Some("is too long");
    }
    let Ok(url) = Url::parse(text) else { return Some("is no address") };
    if loopback && on_this_machine(&url) && matches!(url.scheme(), "http" | "https") {
        return None;
    }
    if url.scheme() != "https" {
        return Some("must be https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("must not contain a user or password");
    }
    let private = match url.host() {
        None => return Some("has no host"),
        Some(Host::Domain(name)) => inside(name),
        Some(Host::Ipv4(ip)) => foreign_v4(ip),
        Some(Host::Ipv6(ip)) => foreign_v6(ip),
    };
    private.then_some("must resolve to a public address")
}

fn inside(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || ["localhost", "local", "internal", "lan", "home", "arpa"]
            .iter()
            .any(|end| name.ends_with(&format!(".{end}")))
}

fn foreign_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && ip.octets()[2] == 0)
        || (a == 198 && (18..20).contains(&b))
}

fn foreign_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    let inner = match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        _ => None,
    };
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || first & 0xfe00 == 0xfc00
        || first & 0xffc0 == 0xfe80
        || inner.is_some_and(|(high, low)| foreign_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))))
}

#[cfg(test)]
mod tests {
    use super::fault_of;

    #[test]
    fn only_public_addresses() {
        for good in
            ["https://my-app.example.com/webhooks/video-done", "https://8.8.8.8/x", "https://[2606:4700::1]/"]
        {
            assert_eq!(fault_of(good, false), None, "{good}");
        }
        for bad in [
            "http://my-app.example.com/",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://10.1.2.3/",
            "https://192.168.0.1/",
            "https://172.20.1.1/",
            "https://169.254.169.254/latest",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://intranet/",
            "ftp://a.example/",
            "https://me:secret@a.example/",
            "nonsense",
            "https://a.localhost/",
        ] {
            assert!(fault_of(bad, false).is_some(), "{bad}");
        }
        assert_eq!(fault_of("http://127.0.0.1:8080/hook", true), None);
        assert!(fault_of("http://10.0.0.1/hook", true).is_some());
    }
}
