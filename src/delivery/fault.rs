//! What a store's refusal means, and how to mend it.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::{Store, access};
use crate::error::{Error, Kind};

type Failed<E> = SdkError<E, HttpResponse>;

/// The HTTP status of an answer.
pub(super) fn status<E>(error: &Failed<E>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

/// Whether something is there under that name already (Amazon S3, conditional writes).
pub(super) fn is_taken<E: ProvideErrorMetadata>(error: &Failed<E>) -> bool {
    status(error) == Some(412) || error.code() == Some("PreconditionFailed")
}

/// Whether the store does not know a header that it could do without.
pub(super) fn names_header<E: ProvideErrorMetadata>(error: &Failed<E>, words: &[&str]) -> bool {
    let said = format!("{} {}", error.code().unwrap_or_default(), error.message().unwrap_or_default());
    let said = said.to_ascii_lowercase();
    matches!(status(error), Some(400 | 403 | 501)) && words.iter().any(|word| said.contains(word))
}

impl Store {
    /// The error that a person can act upon.
    pub(super) fn explain<E>(&self, error: Failed<E>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let bucket = self.bucket().to_owned();
        let said = error.message().unwrap_or_default().to_owned();
        let explained = match &error {
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => self.refused(&error, &bucket),
            SdkError::TimeoutError(_) => self.unreachable("it did not answer in time"),
            _ if speaks_of(&error, "credential") || speaks_of(&error, "identity") => access::no_credentials(),
            _ if speaks_of(&error, "refused") => self.unreachable("the connection was refused"),
            _ if speaks_of(&error, "dns") || speaks_of(&error, "lookup") => {
                self.unreachable("there is no such host")
            }
            _ if speaks_of(&error, "certificate") => self.unreachable("its certificate is not trusted"),
            _ => self.unreachable("the connection broke"),
        };
        explained.quoting(&said).because(error)
    }

    fn refused<E>(&self, error: &Failed<E>, bucket: &str) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let code = error.code().unwrap_or_default();
        let header = |name| error.raw_response().and_then(|answer| answer.headers().get(name));
        let place = self.settings.endpoint.as_ref().map_or("Amazon S3", |endpoint| endpoint.as_str());
        match (code, status(error)) {
            ("NoSuchBucket", _) | ("" | "NotFound", Some(404)) => {
                Error::new(Kind::Config, format!("There is no bucket {bucket:?} at {place}."))
                    .next("Create it, or correct FIRSTCUT_BUCKET.")
            }
            ("RequestTimeTooSkewed" | "RequestInTheFuture", _) => Error::new(
                Kind::Config,
                "The store refuses our clock: it differs from its own by more than 15 minutes.",
            )
            .next("Set this machine's clock (switch on its synchronisation)."),
            ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" | "IncorrectRegion", _)
            | (_, Some(301 | 307)) => {
                let region = &self.settings.region;
                let what = format!("The bucket {bucket:?} is not in the region {region}.");
                let next = match header("x-amz-bucket-region") {
                    Some(right) => format!("Set FIRSTCUT_BUCKET_REGION={right}."),
                    None => "Set FIRSTCUT_BUCKET_REGION to the region that the store's console shows.".to_owned(),
                };
                Error::new(Kind::Config, what).next(next)
            }
            ("InvalidAccessKeyId" | "NotSignedUp" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken", _)
            | (_, Some(401)) => Error::new(Kind::Unauthorized, "The store does not accept our keys.").next(
                "Copy AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY again; temporary keys need a fresh AWS_SESSION_TOKEN.",
            ),
            ("AccessDenied" | "AllAccessDisabled", _) | ("" | "Forbidden", Some(403)) => {
                Error::new(Kind::Forbidden, format!("Our keys may not write into the bucket {bucket:?}.")).next(
                    "Allow them s3:PutObject, s3:GetObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts there.",
                )
            }
            ("QuotaExceeded" | "InsufficientStorage" | "XMinioStorageFull", _) | (_, Some(507)) => {
                Error::new(Kind::Storage, format!("The bucket {bucket:?} is full."))
                    .next("Make room in it, or raise its quota.")
            }
            ("SlowDown" | "TooManyRequests", _) | (_, Some(429)) => {
                Error::new(Kind::RateLimited, format!("{place} asks us to slow down."))
            }
            (_, Some(500..=599)) => self.unreachable("it has a fault of its own"),
            _ => {
                let status = status(error).map_or_else(String::new, |status| format!(" ({status} {code})"));
                Error::new(Kind::Protocol, format!("{place} refused the clip{status}."))
                    .next("See what the store says, and check FIRSTCUT_BUCKET and FIRSTCUT_BUCKET_ENDPOINT.")
            }
        }
    }
}

/// Whether any cause of an error says that word.
fn speaks_of(error: &dyn StdError, word: &str) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if format!("{error:?} {error}").to_ascii_lowercase().contains(word) {
            return true;
        }
        cause = error.source();
    }
    false
}
