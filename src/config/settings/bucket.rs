//! Settings of the bucket that finished videos go into.

use super::Setting;

/// How an object in the bucket is called.
pub(in crate::config) const BUCKET_KEY: &str = "clips/{job}.mp4";

pub(super) const SETTINGS: [Setting; 7] = [
    Setting {
        name: "FIRSTCUT_DELIVER",
        key: Some("deliver"),
        flag: None,
        form: "`folder` or `s3`",
        default: "`s3` when a bucket is set",
        meaning: "Where finished videos go beside their folder, unless a call says otherwise.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_BUCKET",
        key: Some("bucket.name"),
        flag: None,
        form: "name",
        default: "none: videos stay in their folder",
        meaning: "The bucket that finished videos are put into. Who we are there is read from the usual `AWS_*`.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_BUCKET_REGION",
        key: Some("bucket.region"),
        flag: None,
        form: "region",
        default: "`AWS_REGION`, else `us-east-1`; `auto` with an endpoint",
        meaning: "Where the bucket is.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_BUCKET_ENDPOINT",
        key: Some("bucket.endpoint"),
        flag: None,
        form: "https address",
        default: "`AWS_ENDPOINT_URL_S3`, else Amazon's",
        meaning: "Another store than Amazon's: R2, MinIO, Garage.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_BUCKET_KEY",
        key: Some("bucket.key"),
        flag: None,
        form: "path with `{job}`; also `{date}`, `{name}`, `{service}`",
        default: "`clips/{job}.mp4`",
        meaning: "How an object is called. The same job always gets the same name.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_BUCKET_URL",
        key: Some("bucket.url"),
        flag: None,
        form: "https address",
        default: "none: the bucket is private",
        meaning: "Where everybody can read the bucket: its public address or a CDN before it. Posts need one.",
        secret: false,
    },
    Setting {
        name: "FIRSTCUT_BUCKET_LINK_S",
        key: Some("bucket.link_s"),
        flag: None,
        form: "seconds, 60 to 604800",
        default: "none: no signed links",
        meaning: "Without a public address, results carry a signed link that lives so long. Posts refuse such links.",
        secret: false,
    },
];
