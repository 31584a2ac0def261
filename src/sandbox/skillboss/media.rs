//! Finished clips over HTTP: signed links that expire, whole files or ranges.

use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::SkillBoss;
use super::rows::Job;
use super::sign::hmac;
use crate::sandbox::store::hex;
use crate::sandbox::{files, log};

/// The secret of this folder's links, made at the first start.
pub(super) fn secret(folder: &FilePath) -> io::Result<[u8; 32]> {
    let path = folder.join("link-secret");
    if let Ok(bytes) = std::fs::read(&path)
        && let Ok(secret) = bytes.try_into()
    {
        return Ok(secret);
    }
    let mut secret = [0; 32];
    for half in secret.chunks_mut(16) {
        half.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    std::fs::write(&path, secret)?;
    Ok(secret)
}

#[derive(Deserialize)]
pub(super) struct Signed {
    exp: Option<i64>,
    sig: Option<String>,
}

impl SkillBoss {
    /// A link to a job's file, good from now on for a while.
    pub(super) fn link(&self, job: &Job) -> String {
        let exp = self.clock.now_ms().div_euclid(1000) + i64::from(self.options.link_life_s);
        format!("{}/media/{}.mp4?exp={exp}&sig={}", self.base, job.id, self.signature(&job.id, exp))
    }

    fn signature(&self, id: &str, exp: i64) -> String {
        hex(&hmac(&self.secret, format!("{id}:{exp}").as_bytes()))
    }
}

/// `GET /media/{id}.mp4`.
pub(super) async fn file(
    State(boss): State<Arc<SkillBoss>>,
    Path(name): Path<String>,
    Query(signed): Query<Signed>,
    request: Request,
) -> Response {
    if let Some(refusal) = log::leaked(&boss.log, &request, "media") {
        return refusal;
    }
    let id = name.trim_end_matches(".mp4");
    let (Some(exp), Some(sig)) = (signed.exp, signed.sig) else {
        return (StatusCode::FORBIDDEN, "sandbox: the link is not signed").into_response();
    };
    if sig != boss.signature(id, exp) {
        return (StatusCode::FORBIDDEN, "sandbox: the signature is wrong").into_response();
    }
    if exp * 1000 < boss.clock.now_ms() {
        return (StatusCode::FORBIDDEN, "sandbox: the link has expired").into_response();
    }
    match boss.job_of(id).and_then(|job| job.file) {
        Some(file) => files::serve(&boss.folder.join(file), request.method(), request.headers()).await,
        None => (StatusCode::NOT_FOUND, "sandbox: no such file").into_response(),
    }
}
