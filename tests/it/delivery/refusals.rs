//! What stores refuse, and what a person is told to do about it. Read from canned answers in Amazon's own form.

use std::collections::BTreeMap;

use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::delivery::{Object, Store};
use firstcut::error::{Error, Kind};
use futures_util::FutureExt;

use crate::canned::{Canned, with};
use crate::ports::Nobody;

fn refusal(code: u16, name: &str, message: &str, headers: &str) -> Vec<crate::canned::Piece> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{name}</Code><Message>{message}</Message></Error>"
    );
    with(code, &format!("Content-Type: application/xml\r\n{headers}"), body.as_bytes())
}

async fn refused(endpoint: &str, env: &BTreeMap<&str, &str>) -> Error {
    let home = tempfile::tempdir().unwrap();
    let mut around = Surroundings::only(home.path()).and("FIRSTCUT_ALLOW_LOOPBACK", "1");
    let own = [
        ("FIRSTCUT_BUCKET", "clips-of-ours"),
        ("FIRSTCUT_BUCKET_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_S3", endpoint),
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-the-test"),
    ];
    for (name, value) in own.into_iter().chain(env.iter().map(|(name, value)| (*name, *value))) {
        around = around.and(name, value);
    }
    let config = Config::load(&Overrides::default(), &around).unwrap();
    let store = Store::new(config.bucket.unwrap());
    let file = home.path().join("clip.mp4");
    std::fs::write(&file, b"a clip").unwrap();
    let object =
        Object { key: "clips/a.mp4", file: &file, bytes: 6, sha256: "00", mime: "video/mp4", job: "job_a" };
    store.put(object, None, |_| async { Ok(()) }.boxed()).await.unwrap_err()
}

#[tokio::test]
async fn each_refusal_names_its_fix() {
    for (reply, kind, fix) in [
        (
            refusal(404, "NoSuchBucket", "The specified bucket does not exist", ""),
            Kind::Config,
            "FIRSTCUT_BUCKET",
        ),
        (
            refusal(301, "PermanentRedirect", "Use another endpoint", "x-amz-bucket-region: us-west-2\r\n"),
            Kind::Config,
            "FIRSTCUT_BUCKET_REGION=us-west-2",
        ),
        (
            refusal(
                400,
                "AuthorizationHeaderMalformed",
                "the region 'eu-west-1' is wrong",
                "x-amz-bucket-region: eu-central-1\r\n",
            ),
            Kind::Config,
            "FIRSTCUT_BUCKET_REGION=eu-central-1",
        ),
        (refusal(403, "AccessDenied", "Access Denied", ""), Kind::Forbidden, "s3:PutObject"),
        (refusal(403, "InvalidAccessKeyId", "unknown", ""), Kind::Unauthorized, "AWS_ACCESS_KEY_ID"),
        (refusal(403, "SignatureDoesNotMatch", "no match", ""), Kind::Unauthorized, "AWS_SECRET_ACCESS_KEY"),
        (refusal(507, "InsufficientStorage", "full", ""), Kind::Storage, "room"),
    ] {
        let server = Canned::start(vec![reply]).await;
        let error = refused(server.url.as_str(), &BTreeMap::new()).await;
        assert_eq!(error.kind(), kind, "{error:?}");
        let next = error.next_step().unwrap();
        assert!(next.contains(fix), "{fix} is not in {next}");
        assert!(!format!("{error:?} {error}").contains("secret-of-the-test"));
    }
    // The client corrects its clock by the store's and tries again; a clock that is refused again is told.
    let skewed = || refusal(403, "RequestTimeTooSkewed", "The difference is too large", "");
    let server = Canned::start((0..5).map(|_| skewed()).collect()).await;
    let error = refused(server.url.as_str(), &BTreeMap::new()).await;
    assert!(error.next_step().unwrap().contains("clock"), "{error:?}");
}

#[tokio::test]
async fn a_store_that_is_not_there_and_keys_that_are_not() {
    let nobody = Nobody::new();
    let error = refused(&nobody.url, &BTreeMap::new()).await;
    assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
    assert!(error.next_step().unwrap().contains("FIRSTCUT_BUCKET_ENDPOINT"), "{error:?}");

    let without = BTreeMap::from([("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]);
    let error = refused(&nobody.url, &without).await;
    assert_eq!(error.kind(), Kind::Unauthorized, "{error:?}");
    assert!(error.next_step().unwrap().contains("AWS_PROFILE"), "{error:?}");
}

#[tokio::test]
async fn a_store_that_takes_no_trailing_checksum_gets_none() {
    let server = Canned::start(vec![
        refusal(501, "NotImplemented", "A header you provided implies functionality: x-amz-trailer", ""),
        with(200, "ETag: \"1\"\r\n", b""),
    ])
    .await;
    let home = tempfile::tempdir().unwrap();
    let around = Surroundings::only(home.path())
        .and("FIRSTCUT_ALLOW_LOOPBACK", "1")
        .and("FIRSTCUT_BUCKET", "clips-of-ours")
        .and("FIRSTCUT_BUCKET_ENDPOINT", server.url.as_str())
        .and("AWS_ACCESS_KEY_ID", "AKIATEST")
        .and("AWS_SECRET_ACCESS_KEY", "secret-of-the-test");
    let store = Store::new(Config::load(&Overrides::default(), &around).unwrap().bucket.unwrap());
    let file = home.path().join("clip.mp4");
    std::fs::write(&file, b"a clip").unwrap();
    let object =
        Object { key: "clips/a.mp4", file: &file, bytes: 6, sha256: "00", mime: "video/mp4", job: "job_a" };
    let stored = store.put(object, None, |_| async { Ok(()) }.boxed()).await.unwrap();
    assert_eq!(stored.key, "clips/a.mp4");
    let seen = server.seen();
    assert!(seen[0].header("x-amz-trailer").is_some() || seen[0].header("x-amz-checksum-crc32").is_some());
    assert!(seen[1].header("x-amz-trailer").is_none() && seen[1].header("x-amz-checksum-crc32").is_none());
    assert_eq!(seen[1].body, b"a clip");
    assert_eq!(seen[1].header("x-amz-meta-sha256"), Some("00"));
    assert_eq!(seen[1].header("if-none-match"), Some("*"));
}
