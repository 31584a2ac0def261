//! Schedulers of social posts, emulated: Buffer, Ayrshare, Postiz, and an address of one's own that takes signed messages.
//!
//! Written from their public guides, apart from the clients. Every post that was really taken is a row of its own, so that
//! whoever posts twice is found out: `GET /__sandbox/social/posts` lists them.

mod ayrshare;
mod buffer;
mod hook;
mod postiz;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::{HeaderMap, Method, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::faults::Endpoint;
use super::store::Table;
use super::{Clock, Error, Options};

/// The key that every emulated scheduler takes, and the secret that messages to the hook are signed with.
pub const SOCIAL_KEY: &str = "sandbox-social-key-0123456789";

/// The networks that an account here has, by Buffer's names.
const NETWORKS: [&str; 9] =
    ["tiktok", "instagram", "youtube", "twitter", "facebook", "linkedin", "threads", "bluesky", "pinterest"];

/// A post that a scheduler took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialPost {
    /// The scheduler's name for it.
    pub id: String,
    /// buffer, ayrshare, postiz or hook.
    pub scheduler: String,
    /// The network, by the scheduler's name.
    pub channel: String,
    /// The words.
    pub caption: String,
    /// Where the clip is fetched from.
    pub media_url: String,
    /// draft, scheduled, queued or posted.
    pub status: String,
    /// When it appears, as the scheduler writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// The sender's own key, where the scheduler knows such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How often the same key came again and was not taken.
    #[serde(default)]
    pub repeats: u32,
    /// When it was taken, in epoch milliseconds.
    pub at_ms: i64,
}

/// The schedulers' common state.
pub(super) struct Social {
    posts: Table<SocialPost>,
    /// What was handed to Postiz before a post: id and where it came from.
    media: Table<String>,
    next: AtomicU64,
    clock: Clock,
}

/// What the schedulers have taken; for tests and for whoever looks.
#[derive(Clone)]
pub struct SocialBooks(Arc<Social>);

impl std::fmt::Debug for SocialBooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SocialBooks")
    }
}

impl SocialBooks {
    pub(super) fn new(social: Arc<Social>) -> Self {
        Self(social)
    }

    /// Every post that was taken, oldest first.
    #[must_use]
    pub fn posts(&self) -> Vec<SocialPost> {
        self.0.all()
    }
}

impl Social {
    pub(super) fn open(options: &Options, clock: Clock) -> Result<Arc<Self>, Error> {
        let folder = options.folder.join("social");
        let posts: Table<SocialPost> = Table::open(folder.join("posts"))?;
        let media: Table<String> = Table::open(folder.join("media"))?;
        let last = posts.ids().len() + media.ids().len();
        Ok(Arc::new(Self { posts, media, next: AtomicU64::new(last as u64 + 1), clock }))
    }

    pub(super) fn reset(&self) -> io::Result<()> {
        self.media.clear()?;
        self.posts.clear()
    }

    /// A name that nothing else here has.
    fn fresh(&self, prefix: &str) -> String {
        format!("{prefix}_{:06}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Writes a post down.
    fn take(&self, post: SocialPost) -> io::Result<SocialPost> {
        let post = SocialPost { at_ms: self.clock.now_ms(), ..post };
        self.posts.insert(&post.id, post.clone())?;
        Ok(post)
    }

    /// The post of one scheduler with this key; its repetition is counted.
    fn repeated(&self, scheduler: &str, key: &str) -> io::Result<Option<SocialPost>> {
        let known = |post: &SocialPost| post.scheduler == scheduler && post.key.as_deref() == Some(key);
        let Some(post) = self.posts.find(known) else { return Ok(None) };
        self.posts.change(&post.id, |post| {
            post.repeats += 1;
            post.clone()
        })
    }

    fn all(&self) -> Vec<SocialPost> {
        let mut posts = self.posts.fold(Vec::new(), |mut posts, post| {
            posts.push(post.clone());
            posts
        });
        posts.sort_by(|a, b| (a.at_ms, &a.id).cmp(&(b.at_ms, &b.id)));
        posts
    }

    fn of(&self, scheduler: &str) -> Vec<SocialPost> {
        self.all().into_iter().filter(|post| post.scheduler == scheduler).collect()
    }
}

/// The routes of all schedulers.
pub(super) fn router(social: Arc<Social>) -> Router {
    Router::new()
        .route("/social/buffer", post(buffer::graph))
        .route("/social/ayrshare/api/post", post(ayrshare::create))
        .route("/social/ayrshare/api/history", get(ayrshare::history))
        .route("/social/ayrshare/api/user", get(ayrshare::user))
        .route("/social/postiz/public/v1/integrations", get(postiz::integrations))
        .route("/social/postiz/public/v1/upload-from-url", post(postiz::upload))
        .route("/social/postiz/public/v1/find-slot/{id}", get(postiz::slot))
        .route("/social/postiz/public/v1/posts", get(postiz::list).post(postiz::create))
        .route("/social/hook", post(hook::take))
        .with_state(social)
}

/// Which endpoint a request means: a question, or one that makes a post.
pub(super) fn endpoint_of(method: &Method, path: &str, body: &[u8]) -> Option<Endpoint> {
    let rest = path.strip_prefix("/social/")?;
    let creates = match rest {
        "buffer" => String::from_utf8_lossy(body).contains("createPost"),
        "hook" => true,
        _ => method == Method::POST && (rest.ends_with("/post") || rest.ends_with("/posts")),
    };
    Some(if creates { Endpoint::SocialPost } else { Endpoint::SocialRead })
}

/// Whether the key is ours, with or without the word Bearer.
fn is_known(headers: &HeaderMap, bearer: bool) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = if bearer { given.strip_prefix("Bearer ").unwrap_or_default() } else { given };
    given == SOCIAL_KEY
}

/// Whether a clip can be fetched from there by anybody, for as long as the post exists.
fn is_lasting(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    (lower.starts_with("https://")
        || lower.starts_with("http://127.0.0.1")
        || lower.starts_with("http://localhost"))
        && !lower.contains("x-amz-signature")
}
