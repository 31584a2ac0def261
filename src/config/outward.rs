//! Where finished clips go from here: the bucket, and who schedules their posts.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::places::Surroundings;
use super::read::{Given, Reader};
use super::{address, parse, settings};
use crate::error::Result;
use crate::redact::{Secret, never_show};

/// The longest that a signed link may live (Amazon S3, query string authentication: seven days), in seconds.
const LONGEST_LINK_S: f64 = 604_800.0;

/// The bucket that finished clips are put into.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// `FIRSTCUT_BUCKET`: its name.
    pub name: String,
    /// `FIRSTCUT_BUCKET_REGION`, else `AWS_REGION` or `AWS_DEFAULT_REGION`; never asked for over the network.
    pub region: String,
    /// `FIRSTCUT_BUCKET_ENDPOINT`, else `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`: another store than Amazon's.
    pub endpoint: Option<Url>,
    /// `FIRSTCUT_BUCKET_KEY`: the name of an object, with `{job}` in it.
    pub key: String,
    /// `FIRSTCUT_BUCKET_URL`: under this address everybody can read the bucket.
    pub public_url: Option<Url>,
    /// `FIRSTCUT_BUCKET_LINK_S`: where nobody can, links are signed and live this long.
    pub link: Option<Duration>,
    /// Who we are there.
    pub aws: Aws,
}

/// The usual `AWS_*` variables, as far as they say who we are.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    pub keys: Option<Keys>,
    /// `AWS_PROFILE`.
    pub profile: Option<String>,
    /// `AWS_CONFIG_FILE`, else `.aws/config` at home.
    pub config_file: Option<PathBuf>,
    /// `AWS_SHARED_CREDENTIALS_FILE`, else `.aws/credentials` at home.
    pub credentials_file: Option<PathBuf>,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`.
    pub web_identity: Option<WebIdentity>,
    /// `AWS_CONTAINER_CREDENTIALS_…_URI` is set: a container's own role.
    pub container: bool,
    /// `AWS_EC2_METADATA_DISABLED=false`: the machine's own role. Never tried otherwise: where nobody answers, asking for
    /// it costs seconds.
    pub instance: bool,
}

/// A pair of keys, and the token that goes with temporary ones.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: Secret,
    /// Of a session that ends.
    pub session: Option<Secret>,
}

/// A token in a file that stands for a role.
#[derive(Clone, Debug)]
pub struct WebIdentity {
    /// Where the token lies; it is replaced from time to time.
    pub token_file: PathBuf,
    /// The role.
    pub role_arn: String,
    /// How the session is called.
    pub session_name: String,
}

/// Who takes posts, and with which keys.
#[derive(Clone, Debug)]
pub struct Social {
    /// `FIRSTCUT_SCHEDULER`: who is meant when a call does not say.
    pub scheduler: Option<String>,
    /// `BUFFER_API_KEY`.
    pub buffer_key: Option<Secret>,
    /// `BUFFER_API_URL`.
    pub buffer_url: Url,
    /// `AYRSHARE_API_KEY`.
    pub ayrshare_key: Option<Secret>,
    /// `AYRSHARE_PROFILE_KEY`: on behalf of this user profile.
    pub ayrshare_profile: Option<Secret>,
    /// `AYRSHARE_API_URL`.
    pub ayrshare_url: Url,
    /// `POSTIZ_API_KEY`.
    pub postiz_key: Option<Secret>,
    /// `POSTIZ_API_URL`.
    pub postiz_url: Url,
    /// `FIRSTCUT_POST_HOOK_URL`.
    pub hook_url: Option<Url>,
    /// `FIRSTCUT_POST_HOOK_SECRET`.
    pub hook_secret: Option<Secret>,
    /// `FIRSTCUT_POST_HOOK_REPEATS`: a message whose answer was lost is simply sent again.
    pub hook_ignores_repeats: bool,
    /// Schedulers and the addresses of clips may be on this machine.
    pub allow_loopback: bool,
}

impl Bucket {
    /// Takes the settings of the bucket; none when no bucket is named.
    pub(super) fn take(
        reader: &mut Reader<'_>,
        around: &Surroundings,
        allow_loopback: bool,
    ) -> Result<Option<Self>> {
        let address = |given: &Given| address::base(given, allow_loopback);
        let name = reader.take("FIRSTCUT_BUCKET", parse::bucket);
        let region = reader.take("FIRSTCUT_BUCKET_REGION", parse::header_word);
        let endpoint = reader.take("FIRSTCUT_BUCKET_ENDPOINT", address);
        let key = reader.take("FIRSTCUT_BUCKET_KEY", parse::object_key);
        let public_url = reader.take("FIRSTCUT_BUCKET_URL", address);
        let link =
            reader.take("FIRSTCUT_BUCKET_LINK_S", |given| parse::seconds(given, 60.0..=LONGEST_LINK_S));
        let Some(name) = name else { return Ok(None) };
        let endpoint =
            match (endpoint, word(around, "AWS_ENDPOINT_URL_S3").or(word(around, "AWS_ENDPOINT_URL"))) {
                (Some(endpoint), _) => Some(endpoint),
                (None, Some(text)) => Some(address::foreign(&text, allow_loopback)?),
                (None, None) => None,
            };
        let region = region.or(word(around, "AWS_REGION")).or(word(around, "AWS_DEFAULT_REGION"));
        // Other stores take any region; `auto` is what R2 asks for.
        let usual = if endpoint.is_some() { "auto" } else { "us-east-1" };
        Ok(Some(Self {
            name,
            region: region.unwrap_or_else(|| usual.to_owned()),
            endpoint,
            key: key.unwrap_or_else(|| settings::BUCKET_KEY.to_owned()),
            public_url,
            link,
            aws: Aws::of(around),
        }))
    }
}

impl Aws {
    fn of(around: &Surroundings) -> Self {
        let secret = |name| word(around, name).map(Secret::new);
        let keys =
            word(around, "AWS_ACCESS_KEY_ID").zip(secret("AWS_SECRET_ACCESS_KEY")).map(|(id, secret_key)| {
                let session = secret("AWS_SESSION_TOKEN");
                never_show(&secret_key);
                session.iter().for_each(never_show);
                Keys { id, secret: secret_key, session }
            });
        let at_home = |name: &str| around.home_dir.as_ref().map(|home| home.join(".aws").join(name));
        let file = |name, usual| word(around, name).map(PathBuf::from).or_else(|| at_home(usual));
        let web_identity = word(around, "AWS_WEB_IDENTITY_TOKEN_FILE").zip(word(around, "AWS_ROLE_ARN")).map(
            |(token_file, role_arn)| WebIdentity {
                token_file: token_file.into(),
                role_arn,
                session_name: word(around, "AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "firstcut".to_owned()),
            },
        );
        let containers = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
        Self {
            keys,
            profile: word(around, "AWS_PROFILE"),
            config_file: file("AWS_CONFIG_FILE", "config"),
            credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            web_identity,
            container: containers.iter().any(|name| word(around, name).is_some()),
            instance: word(around, "AWS_EC2_METADATA_DISABLED")
                .is_some_and(|said| said.eq_ignore_ascii_case("false")),
        }
    }
}

impl Social {
    /// Takes the settings of schedulers.
    pub(super) fn take(reader: &mut Reader<'_>, allow_loopback: bool) -> Result<Self> {
        let address = |given: &Given| address::base(given, allow_loopback);
        let or = |url: Option<Url>, usual| url.map_or_else(|| address::own(usual), Ok);
        Ok(Self {
            scheduler: reader.take("FIRSTCUT_SCHEDULER", parse::scheduler),
            buffer_key: reader.take("BUFFER_API_KEY", parse::key),
            buffer_url: or(reader.take("BUFFER_API_URL", address), settings::BUFFER_URL)?,
            ayrshare_key: reader.take("AYRSHARE_API_KEY", parse::key),
            ayrshare_profile: reader.take("AYRSHARE_PROFILE_KEY", parse::key),
            ayrshare_url: or(reader.take("AYRSHARE_API_URL", address), settings::AYRSHARE_URL)?,
            postiz_key: reader.take("POSTIZ_API_KEY", parse::key),
            postiz_url: or(reader.take("POSTIZ_API_URL", address), settings::POSTIZ_URL)?,
            hook_url: reader.take("FIRSTCUT_POST_HOOK_URL", |given| address::secret(given, allow_loopback)),
            hook_secret: reader.take("FIRSTCUT_POST_HOOK_SECRET", parse::key),
            hook_ignores_repeats: reader
                .take("FIRSTCUT_POST_HOOK_REPEATS", parse::yes_or_no)
                .unwrap_or(false),
            allow_loopback,
        })
    }
}

/// A variable that is set, and to something.
fn word(around: &Surroundings, name: &str) -> Option<String> {
    let value = around.env.get(OsStr::new(name))?.to_str()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}
