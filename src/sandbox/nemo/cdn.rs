//! The file server that stands in for the service's CDN. It knows no users and wants no token.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Nemo;
use crate::sandbox::{files, log};

/// How links to the file server are kept: without the address, which can change with a restart.
const KEPT: &str = "sandbox:/cdn/";

/// Makes links to the file server whole, anywhere in this JSON.
pub(super) fn with_links(mut json: Value, base: &str) -> Value {
    fn walk(value: &mut Value, base: &str) {
        match value {
            Value::String(text) => {
                if let Some(path) = text.strip_prefix(KEPT) {
                    *text = format!("{base}/cdn/{path}");
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, base)),
            Value::Object(map) => map.values_mut().for_each(|item| walk(item, base)),
            _ => {}
        }
    }
    walk(&mut json, base);
    json
}

/// `GET /cdn/…`: uploads, generated clips, finished renders; whole or in ranges.
pub(super) async fn file(
    State(nemo): State<Arc<Nemo>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    if let Some(refusal) = log::leaked(&nemo.log, &request, "cdn") {
        return refusal;
    }
    match nemo.local_file(&path).await {
        Some(local) => files::serve(&local, request.method(), request.headers()).await,
        None => (StatusCode::NOT_FOUND, "sandbox: no such file").into_response(),
    }
}

impl Nemo {
    /// The file behind a path below `/cdn/`; generated clips are drawn when first asked for.
    async fn local_file(self: &Arc<Self>, path: &str) -> Option<PathBuf> {
        match path.split_once('/')? {
            ("media", _) => self.media_file(path),
            ("render-result", name) if plain(name) => Some(self.output_folder().join(name)),
            ("gen", rest) => {
                let (draft, name) = rest.split_once('/')?;
                let file = format!("{draft}-{name}");
                if !plain(&file) {
                    return None;
                }
                self.generated_clip(&format!("{KEPT}{path}"), &self.output_folder().join(file)).await
            }
            _ => None,
        }
    }

    /// The upload behind a link or a path below `/cdn/`.
    pub(super) fn media_file(&self, link: &str) -> Option<PathBuf> {
        let (_, path) = link.rsplit_once("media/")?;
        let (folder, name) = path.split_once('/')?;
        let file = self.media_folder().join(folder).join(name);
        (plain(folder) && plain(name) && file.is_file()).then_some(file)
    }
}

/// One path component, and not a way out of the folder.
fn plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}
