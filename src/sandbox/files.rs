//! Serving a file over HTTP, whole or a range of it, in constant memory.

use std::io::SeekFrom;
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// The file as an answer to this request: 200, 206 or 416, and 404 when there is none.
pub(super) async fn serve(path: &Path, method: &Method, headers: &HeaderMap) -> Response {
    match open(path, method, headers).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (StatusCode::NOT_FOUND, "sandbox: no such file").into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("sandbox: {error}")).into_response(),
    }
}

async fn open(path: &Path, method: &Method, headers: &HeaderMap) -> std::io::Result<Response> {
    let mut file = File::open(path).await?;
    let about = file.metadata().await?;
    let size = about.len();
    let changed = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let tag = format!("\"{size:x}-{:x}\"", changed.map_or(0, |time| time.as_nanos()));
    // A range of another version is no use: RFC 9110, If-Range.
    let same = headers.get(header::IF_RANGE).is_none_or(|given| given.as_bytes() == tag.as_bytes());
    let asked = headers.get(header::RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let mut answer = Response::builder()
        .header(header::CONTENT_TYPE, content_type(path))
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag);
    let (from, length) = match asked.and_then(|range| parse_range(range, size)) {
        None => (0, size),
        Some(Ok((from, to))) => {
            answer = answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, format!("bytes {from}-{to}/{size}"));
            (from, to - from + 1)
        }
        Some(Err(())) => {
            let size = HeaderValue::from_str(&format!("bytes */{size}")).map_err(std::io::Error::other)?;
            let none = (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, size)]);
            return Ok(none.into_response());
        }
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        file.seek(SeekFrom::Start(from)).await?;
        Body::from_stream(ReaderStream::with_capacity(file.take(length), CHUNK))
    };
    answer.header(header::CONTENT_LENGTH, length).body(body).map_err(std::io::Error::other)
}

/// First and last byte of a single range; `None` for what may be ignored, `Err` for what lies outside.
fn parse_range(range: &str, size: u64) -> Option<Result<(u64, u64), ()>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last_byte = size.checked_sub(1);
    if first.is_empty() {
        let length: u64 = last.parse().ok()?;
        let Some(end) = last_byte.filter(|_| length > 0) else { return Some(Err(())) };
        return Some(Ok((size.saturating_sub(length), end)));
    }
    let first: u64 = first.parse().ok()?;
    let last = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
    if last < first {
        return None;
    }
    Some(last_byte.filter(|end| first <= *end).map(|end| (first, last.min(end))).ok_or(()))
}

/// The media type of a file name.
pub(super) fn content_type(path: &Path) -> &'static str {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    match end.as_str() {
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "avi" => "video/x-msvideo",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn ranges() {
        for (range, size, want) in [
            ("bytes=0-9", 100, Some(Ok((0, 9)))),
            ("bytes=90-", 100, Some(Ok((90, 99)))),
            ("bytes=-10", 100, Some(Ok((90, 99)))),
            ("bytes=-200", 100, Some(Ok((0, 99)))),
            ("bytes=0-999", 100, Some(Ok((0, 99)))),
            ("bytes=100-", 100, Some(Err(()))),
            ("bytes=-0", 100, Some(Err(()))),
            ("bytes=0-", 0, Some(Err(()))),
            ("bytes=9-3", 100, None),
            ("bytes=0-1,5-6", 100, None),
            ("lines=0-1", 100, None),
        ] {
            assert_eq!(parse_range(range, size), want, "{range} of {size}");
        }
    }
}
