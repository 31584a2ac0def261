//! Putting a file into the bucket: in one piece, or in parts that go on where they stopped.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::fault::{is_taken, names_header, status};
use super::key::numbered;
use super::{Object, SHA256, Store, Stored};
use crate::error::{Error, Kind, Result};

/// What is larger goes in parts of this size; Amazon wants at least five MiB for each but the last.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// The most parts that an object may have (Amazon S3, multipart upload limits).
const MOST_PARTS: u64 = 10_000;
/// Parts on their way at once.
const AT_ONCE: usize = 4;
/// Other objects under the names of one job, before we give up.
const MOST_NAMES: u32 = 20;
/// Names of headers and answers that are about checksums, lower case.
const CHECKSUMS: [&str; 5] = ["checksum", "trailer", "aws-chunked", "content-encoding", "notimplemented"];

/// An upload in parts that was begun, written down before the first part leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The name of the object.
    pub key: String,
    /// The store's name for the upload.
    pub id: String,
    /// The size of a part.
    pub part_bytes: u64,
}

/// A conditional write came second.
enum Put {
    Done,
    Taken,
}

impl Store {
    /// Puts a file into the bucket. `begun` is an upload that an earlier try wrote down; `note` writes one down and must
    /// have done so when it returns. Done again after any crash, it ends with the same object.
    ///
    /// # Errors
    /// With what is wrong and how to mend it. Nothing incomplete is ever visible in the bucket.
    pub async fn put<N>(&self, object: Object<'_>, begun: Option<Upload>, note: N) -> Result<Stored>
    where
        N: Fn(Upload) -> BoxFuture<'static, Result<()>> + Sync,
    {
        let mut begun = begun;
        for number in 1..=MOST_NAMES {
            let key = if number == 1 { object.key.to_owned() } else { numbered(object.key, number) };
            let object = Object { key: &key, ..object };
            let resumed = begun.take_if(|upload| upload.key == key);
            match self.put_under(object, resumed, &note).await? {
                Put::Done => return Ok(self.stored(object)),
                Put::Taken => match self.look(&key).await? {
                    Some((bytes, Some(sha256))) if bytes == object.bytes && sha256 == object.sha256 => {
                        return Ok(self.stored(object));
                    }
                    // It was there and is gone: the same name is tried once more by the next delivery.
                    None => return Err(Error::new(Kind::Unavailable, "The bucket changes under our hands.")),
                    Some(_) => {}
                },
            }
        }
        Err(Error::new(Kind::Storage, format!("All names for {} are taken by other objects.", object.key))
            .next("Remove what is not needed from the bucket, or change FIRSTCUT_BUCKET_KEY."))
    }

    /// Gives up an upload that nobody will finish, so that its parts cost nothing.
    pub async fn abort(&self, upload: &Upload) -> Result<()> {
        let asked = self.client().await?.abort_multipart_upload();
        match asked.bucket(self.bucket()).key(&upload.key).upload_id(&upload.id).send().await {
            Err(error) if status(&error) != Some(404) => Err(self.explain(error)),
            _ => Ok(()),
        }
    }

    async fn put_under<N>(&self, object: Object<'_>, begun: Option<Upload>, note: &N) -> Result<Put>
    where
        N: Fn(Upload) -> BoxFuture<'static, Result<()>> + Sync,
    {
        if object.bytes <= PART_BYTES {
            return self.put_whole(object).await;
        }
        let (upload, there) = match begun {
            None => (self.begin(object, note).await?, BTreeMap::new()),
            Some(upload) => match self.parts(&upload).await? {
                Some(there) => (upload, there),
                // Finished, though its answer was lost, or given up by the store: the object tells.
                None if self.look(object.key).await?.is_some() => return Ok(Put::Taken),
                None => (self.begin(object, note).await?, BTreeMap::new()),
            },
        };
        let parts = self.send_parts(object, &upload, there).await?;
        self.complete(object, &upload, parts).await
    }

    async fn put_whole(&self, object: Object<'_>) -> Result<Put> {
        let mut conditional = true;
        loop {
            let plain = self.is_plain();
            let mut request = self
                .client()
                .await?
                .put_object()
                .bucket(self.bucket())
                .key(object.key)
                .content_type(object.mime)
                .metadata(SHA256, object.sha256)
                .metadata("job", object.job)
                .body(slice(object, 0, object.bytes).await?);
            if conditional {
                request = request.if_none_match("*");
            }
            match request.customize().config_override(self.terms(plain)).send().await {
                Ok(_) => return Ok(Put::Done),
                Err(error) if is_taken(&error) => return Ok(Put::Taken),
                Err(error) if conditional && names_header(&error, &["if-none-match"]) => {
                    conditional = false;
                    if self.look(object.key).await?.is_some() {
                        return Ok(Put::Taken);
                    }
                }
                Err(error) if !plain && names_header(&error, &CHECKSUMS) => self.become_plain(),
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    /// Begins an upload in parts and has it written down.
    async fn begin<N>(&self, object: Object<'_>, note: &N) -> Result<Upload>
    where
        N: Fn(Upload) -> BoxFuture<'static, Result<()>> + Sync,
    {
        self.abort_orphans(object.key).await;
        let mut request = self
            .client()
            .await?
            .create_multipart_upload()
            .bucket(self.bucket())
            .key(object.key)
            .content_type(object.mime)
            .metadata(SHA256, object.sha256)
            .metadata("job", object.job);
        if !self.is_plain() && self.settings.endpoint.is_none() {
            request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
        }
        let begun = request.send().await.map_err(|error| self.explain(error))?;
        let id = begun.upload_id().unwrap_or_default().to_owned();
        let part_bytes = PART_BYTES.max(object.bytes.div_ceil(MOST_PARTS));
        let upload = Upload { key: object.key.to_owned(), id, part_bytes };
        note(upload.clone()).await?;
        Ok(upload)
    }

    /// Gives up what a crash left between the beginning of an upload and its note: only one at a time works on a name, so
    /// every other upload of it is nobody's. A store that does not list uploads, or keys that may not, leave that to the
    /// bucket's own rules.
    async fn abort_orphans(&self, key: &str) {
        let listed = async {
            let asked = self.client().await?.list_multipart_uploads().bucket(self.bucket()).prefix(key);
            let listed = asked.send().await.map_err(|error| self.explain(error))?;
            for orphan in listed.uploads().iter().filter(|orphan| orphan.key() == Some(key)) {
                let id = orphan.upload_id().unwrap_or_default().to_owned();
                self.abort(&Upload { key: key.to_owned(), id, part_bytes: PART_BYTES }).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = listed.await {
            tracing::debug!(%error, "uploads that were left behind are not known");
        }
    }

    /// The parts that are there, by number; none when the store does not know the upload any more.
    async fn parts(&self, upload: &Upload) -> Result<Option<BTreeMap<i32, CompletedPart>>> {
        let mut there = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let asked = self
                .client()
                .await?
                .list_parts()
                .bucket(self.bucket())
                .key(&upload.key)
                .upload_id(&upload.id)
                .set_part_number_marker(after.clone())
                .send()
                .await;
            let page = match asked {
                Ok(page) => page,
                Err(error) if status(&error) == Some(404) => return Ok(None),
                Err(error) => return Err(self.explain(error)),
            };
            for part in page.parts() {
                let (Some(number), Some(size)) = (part.part_number(), part.size()) else { continue };
                let whole = u64::try_from(size).is_ok_and(|size| size == upload.part_bytes);
                if whole {
                    let done = CompletedPart::builder()
                        .part_number(number)
                        .set_e_tag(part.e_tag().map(str::to_owned))
                        .set_checksum_crc32(part.checksum_crc32().map(str::to_owned));
                    there.insert(number, done.build());
                }
            }
            match page.next_part_number_marker() {
                Some(next) if page.is_truncated() == Some(true) && after.as_deref() != Some(next) => {
                    after = Some(next.to_owned());
                }
                _ => return Ok(Some(there)),
            }
        }
    }

    /// Sends what is missing.
    async fn send_parts(
        &self,
        object: Object<'_>,
        upload: &Upload,
        mut there: BTreeMap<i32, CompletedPart>,
    ) -> Result<Vec<CompletedPart>> {
        let mut missing = Vec::new();
        let (mut offset, mut number) = (0, 1);
        while offset < object.bytes {
            let bytes = upload.part_bytes.min(object.bytes - offset);
            if !there.contains_key(&number) {
                missing.push((number, offset, bytes));
            }
            offset += bytes;
            number += 1;
        }
        let sending: Vec<_> = missing
            .into_iter()
            .map(|(number, offset, bytes)| self.send_part(object, upload, number, offset, bytes).boxed())
            .collect();
        let sent: Vec<(i32, CompletedPart)> =
            stream::iter(sending).buffer_unordered(AT_ONCE).try_collect().await?;
        there.extend(sent);
        Ok(there.into_values().collect())
    }

    async fn send_part(
        &self,
        object: Object<'_>,
        upload: &Upload,
        number: i32,
        offset: u64,
        bytes: u64,
    ) -> Result<(i32, CompletedPart)> {
        loop {
            let plain = self.is_plain();
            let request = self
                .client()
                .await?
                .upload_part()
                .bucket(self.bucket())
                .key(object.key)
                .upload_id(&upload.id)
                .part_number(number)
                .body(slice(object, offset, bytes).await?);
            match request.customize().config_override(self.terms(plain)).send().await {
                Ok(part) => {
                    let done = CompletedPart::builder()
                        .part_number(number)
                        .set_e_tag(part.e_tag().map(str::to_owned))
                        .set_checksum_crc32(part.checksum_crc32().map(str::to_owned));
                    return Ok((number, done.build()));
                }
                Err(error) if !plain && names_header(&error, &CHECKSUMS) => self.become_plain(),
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    async fn complete(&self, object: Object<'_>, upload: &Upload, parts: Vec<CompletedPart>) -> Result<Put> {
        let mut conditional = true;
        loop {
            let whole = CompletedMultipartUpload::builder().set_parts(Some(parts.clone())).build();
            let mut request = self
                .client()
                .await?
                .complete_multipart_upload()
                .bucket(self.bucket())
                .key(object.key)
                .upload_id(&upload.id)
                .multipart_upload(whole);
            if conditional {
                request = request.if_none_match("*");
            }
            match request.send().await {
                Ok(_) => return Ok(Put::Done),
                Err(error) if is_taken(&error) => {
                    self.abort(upload).await?;
                    return Ok(Put::Taken);
                }
                // The first answer was lost, and a repeat finds the upload gone: the object tells.
                Err(error) if status(&error) == Some(404) && self.look(object.key).await?.is_some() => {
                    return Ok(Put::Taken);
                }
                Err(error) if conditional && names_header(&error, &["if-none-match"]) => {
                    conditional = false;
                    if self.look(object.key).await?.is_some() {
                        self.abort(upload).await?;
                        return Ok(Put::Taken);
                    }
                }
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    fn stored(&self, object: Object<'_>) -> Stored {
        Stored {
            bucket: self.bucket().to_owned(),
            key: object.key.to_owned(),
            bytes: object.bytes,
            url: self.public_url(object.key).map(String::from),
        }
    }

    fn is_plain(&self) -> bool {
        self.plain.load(Ordering::Relaxed)
    }

    /// From now on bodies travel without a checksum beside them; our own sum still stands in the metadata.
    fn become_plain(&self) {
        tracing::info!(bucket = self.bucket(), "the store takes no checksums beside the body");
        self.plain.store(true, Ordering::Relaxed);
    }

    fn terms(&self, plain: bool) -> aws_sdk_s3::config::Builder {
        let when = if plain {
            RequestChecksumCalculation::WhenRequired
        } else {
            RequestChecksumCalculation::WhenSupported
        };
        aws_sdk_s3::Config::builder().request_checksum_calculation(when)
    }
}

/// A stretch of the file, read as it leaves and read again when it must be sent again.
async fn slice(object: Object<'_>, offset: u64, bytes: u64) -> Result<ByteStream> {
    ByteStream::read_from()
        .path(object.file)
        .offset(offset)
        .length(Length::Exact(bytes))
        .build()
        .await
        .map_err(|error| {
            Error::new(Kind::Storage, format!("{} cannot be read.", object.file.display()))
                .next("Put the file back to where it was, and deliver it again.")
                .because(error)
        })
}
