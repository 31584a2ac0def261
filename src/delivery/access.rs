//! Who we are at the store, and the client that says so.
//!
//! Everything comes from the settings: the region is never asked for over the network, and the machine's own role is
//! tried only when that was asked for, because where nobody answers the question takes seconds.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
#[expect(deprecated, reason = "its new name lives in another crate, and means the same type")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Credentials, Region, SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::config::{Aws, Bucket};
use crate::error::{Error, Kind, Result};

/// No connection for so long, and it is tried anew.
const CONNECT: Duration = Duration::from_secs(5);
/// A part of eight MiB over a slow home uplink.
const ATTEMPT: Duration = Duration::from_secs(300);
/// An upload that stands still for so long is given up and tried anew.
const GRACE: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 3;

/// The client of a bucket. Nothing is sent yet; files with credentials are read when the first request is signed.
pub(super) async fn client(settings: &Bucket) -> Result<Client> {
    let http = http(settings);
    let region = Region::new(settings.region.clone());
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region.clone())
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build(),
        )
        .stalled_stream_protection(StalledStreamProtectionConfig::enabled().grace_period(GRACE).build())
        .credentials_provider(credentials(&settings.aws, region, http)?);
    if let Some(endpoint) = &settings.endpoint {
        // Names of buckets are part of the path there: own stores seldom have a host name for each.
        config = config.endpoint_url(endpoint.as_str().trim_end_matches('/')).force_path_style(true);
    }
    Ok(Client::from_conf(config.build()))
}

/// The same TLS provider as everywhere in the program; none for a store on this machine.
fn http(settings: &Bucket) -> SharedHttpClient {
    let plain = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    let builder = aws_smithy_http_client::Builder::new();
    if plain {
        builder.build_http()
    } else {
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    }
}

/// Keys from the environment, else the profile, a web identity, a container's role, and the machine's role if allowed.
fn credentials(aws: &Aws, region: Region, http: SharedHttpClient) -> Result<SharedCredentialsProvider> {
    if let Some(keys) = &aws.keys {
        let session = keys.session.as_ref().map(|session| session.reveal().to_owned());
        let keys = Credentials::new(&keys.id, keys.secret.reveal(), session, None, "environment");
        return Ok(SharedCredentialsProvider::new(keys));
    }
    let terms = ProviderConfig::without_region().with_region(Some(region)).with_http_client(http);
    let mut chain: Option<CredentialsProviderChain> = None;
    if let Some(identity) = &aws.web_identity {
        let provider = WebIdentityTokenCredentialsProvider::builder()
            .configure(&terms)
            .static_configuration(StaticConfiguration {
                web_identity_token_file: identity.token_file.clone(),
                role_arn: identity.role_arn.clone(),
                session_name: identity.session_name.clone(),
            })
            .build();
        chain = Some(CredentialsProviderChain::first_try("WebIdentity", provider));
    }
    if let Some(files) = profile_files(aws) {
        let mut provider = ProfileFileCredentialsProvider::builder().configure(&terms).profile_files(files);
        if let Some(name) = &aws.profile {
            provider = provider.profile_name(name);
        }
        let provider = provider.build();
        chain = Some(match chain {
            Some(chain) => chain.or_else("Profile", provider),
            None => CredentialsProviderChain::first_try("Profile", provider),
        });
    }
    if aws.container {
        let provider = EcsCredentialsProvider::builder().configure(&terms).build();
        chain = Some(match chain {
            Some(chain) => chain.or_else("Container", provider),
            None => CredentialsProviderChain::first_try("Container", provider),
        });
    }
    if aws.instance {
        let provider = ImdsCredentialsProvider::builder().configure(&terms).build();
        chain = Some(match chain {
            Some(chain) => chain.or_else("Instance", provider),
            None => CredentialsProviderChain::first_try("Instance", provider),
        });
    }
    chain.map(SharedCredentialsProvider::new).ok_or_else(no_credentials)
}

#[expect(deprecated, reason = "as above")]
fn profile_files(aws: &Aws) -> Option<ProfileFiles> {
    let mut files = ProfileFiles::builder();
    let mut any = false;
    for (kind, path) in
        [(ProfileFileKind::Config, &aws.config_file), (ProfileFileKind::Credentials, &aws.credentials_file)]
    {
        if let Some(path) = path.as_ref().filter(|path| path.is_file()) {
            files = files.with_file(kind, path);
            any = true;
        }
    }
    any.then(|| files.build())
}

/// Nobody said who we are.
pub(super) fn no_credentials() -> Error {
    Error::new(Kind::Unauthorized, "There are no keys for the bucket.").next(
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; a machine's own role needs AWS_EC2_METADATA_DISABLED=false.",
    )
}
