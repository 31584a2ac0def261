//! The address that we give to the service: https and public, as it demands (SkillBoss wholesale API page, Webhook security).

use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;

use url::{Host, Url};

use crate::error::{Error, Kind, Result};
use crate::net::guard::{Guard, is_public};
use crate::redact::SafeUrl;

/// How long a look-up may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks an address as the service will: https, no user name, and every address behind the name public. With
/// `allow_loopback` this machine is allowed, for a sandbox.
///
/// # Errors
/// [`Kind::Forbidden`] with the reason; [`Kind::Unavailable`] when the name cannot be looked up.
pub async fn check_address(url: &Url, allow_loopback: bool) -> Result<()> {
    Guard::new(allow_loopback, PATIENCE).vet(url)?;
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    let lookup = tokio::net::lookup_host((name, url.port_or_known_default().unwrap_or(443)));
    let found =
        tokio::time::timeout(PATIENCE, lookup).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
    let found: Vec<IpAddr> = match found {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(error) => {
            let what =
                format!("The webhook address {} cannot be looked up: {error}.", SafeUrl::new(url.clone()));
            return Err(Error::new(Kind::Unavailable, what)
                .next("Check the name, or leave the webhook out: the job is asked for anyway.")
                .because(error));
        }
    };
    check_found(url, &found, allow_loopback)
}

/// One private address among several is one too many: the service may take any of them.
fn check_found(url: &Url, found: &[IpAddr], allow_loopback: bool) -> Result<()> {
    let good = |address: &IpAddr| is_public(*address) || (allow_loopback && address.is_loopback());
    if !found.is_empty() && found.iter().all(good) {
        return Ok(());
    }
    let shown = SafeUrl::new(url.clone());
    Err(Error::new(
        Kind::Forbidden,
        format!("The webhook address {shown} does not lead to the public internet."),
    )
    .next("Use an https address that the service can reach, or leave it out: the job is asked for anyway."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_are_judged_without_a_look_up() {
        for (url, allow_loopback, good) in [
            ("https://93.184.216.34/hook", false, true),
            ("http://93.184.216.34/hook", false, false),
            ("https://127.0.0.1/hook", false, false),
            ("https://localhost/hook", false, false),
            ("http://127.0.0.1:9/hook", true, true),
            ("https://10.0.0.1/hook", true, false),
            ("https://169.254.169.254/hook", true, false),
            ("https://[::ffff:127.0.0.1]/hook", false, false),
            ("https://[::1]/hook", false, false),
            ("https://2130706433/hook", false, false),
            ("https://0x7f.1/hook", false, false),
            ("https://u:p@93.184.216.34/hook", false, false),
            ("ftp://93.184.216.34/hook", false, false),
        ] {
            let checked = check_address(&url.parse().unwrap(), allow_loopback).await;
            assert_eq!(checked.is_ok(), good, "{url}: {checked:?}");
            assert!(good || checked.unwrap_err().kind() == Kind::Forbidden);
        }
    }

    #[test]
    fn a_name_with_one_private_address_is_refused() {
        let url: Url = "https://hooks.example/cb?token=CANARY".parse().unwrap();
        let addresses =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        assert!(check_found(&url, &addresses(&["93.184.216.34", "2606:2800:220:1::1"]), false).is_ok());
        for found in
            [vec![], vec!["10.0.0.1"], vec!["93.184.216.34", "127.0.0.1"], vec!["93.184.216.34", "fd00::1"]]
        {
            let error = check_found(&url, &addresses(&found), false).unwrap_err();
            assert_eq!(error.kind(), Kind::Forbidden);
            assert!(!error.to_string().contains("CANARY"));
        }
        assert!(check_found(&url, &addresses(&["127.0.0.1"]), true).is_ok());
    }
}
