//! From a finished clip to its bucket and its posts, against a real S3 server and the sandbox's schedulers.

mod bucket;
mod buffer;
mod checked;
mod kills;
mod large;
mod limits;
mod once;
mod posts;
mod refusals;
mod repeats;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use firstcut::sandbox::{Clips, SOCIAL_KEY, SocialPost};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::havoc::error;
use crate::home::Home;
use crate::money::till::make;

pub(crate) const BUCKET: &str = "social-clips";
const KEY_ID: &str = "AKIASANDBOX";
const SECRET: &str = "a-secret-of-the-test-server-0123456789";

/// A real S3 server whose objects are plain files; it ends with the test's runtime.
pub(crate) struct Bucket {
    folder: TempDir,
    pub(crate) url: String,
    /// So many of the next objects are refused.
    refusals: Arc<AtomicU32>,
}

impl Bucket {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let refusals = Arc::new(AtomicU32::new(0));
        let left = Arc::clone(&refusals);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, left) = (service.clone(), Arc::clone(&left));
                let service = service_fn(move |request: Request<Incoming>| {
                    let is_put = request.method() == Method::PUT;
                    let less = |left: u32| left.checked_sub(1);
                    let refuse =
                        is_put && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
                    let service = service.clone();
                    async move {
                        if !refuse {
                            return Service::call(&service, request).await;
                        }
                        // An answer before the body is read ends the connection, which a client takes for a passing fault.
                        axum::body::to_bytes(axum::body::Body::new(request.into_body()), usize::MAX)
                            .await
                            .unwrap();
                        Ok(denied())
                    }
                });
                tokio::spawn(async move {
                    let served = Builder::new(TokioExecutor::new());
                    let served = served.serve_connection(TokioIo::new(stream), service).await;
                    // A client that is killed breaks off.
                    drop(served);
                });
            }
        });
        Self { folder, url, refusals }
    }

    /// Refuses so many of the next objects, as a policy does.
    pub(crate) fn refuse(&self, objects: u32) {
        self.refusals.store(objects, Ordering::SeqCst);
    }

    /// Has the programs of a home put their clips here.
    pub(crate) fn settings(&self, home: &mut Home) {
        home.set("FIRSTCUT_BUCKET", BUCKET);
        home.set("FIRSTCUT_BUCKET_ENDPOINT", &self.url);
        home.set("FIRSTCUT_BUCKET_URL", format!("{}/{BUCKET}", self.url));
        home.set("AWS_ACCESS_KEY_ID", KEY_ID);
        home.set("AWS_SECRET_ACCESS_KEY", SECRET);
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// The names of all objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    keys.push(path.strip_prefix(self.root()).unwrap().display().to_string());
                }
            }
        }
        keys.sort();
        keys
    }

    pub(crate) fn object(&self, key: &str) -> PathBuf {
        self.root().join(key)
    }

    /// Whether the server's own notes about its objects hold these words.
    pub(crate) fn says(&self, words: &str) -> bool {
        let notes = self.notes("metadata").into_iter().map(|name| self.folder.path().join(name));
        notes.filter_map(|note| std::fs::read_to_string(note).ok()).any(|note| note.contains(words))
    }

    /// Names of the server's own files: parts of uploads, and notes about them.
    pub(crate) fn notes(&self, holds: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.contains(holds))
            .collect()
    }
}

fn denied() -> Response<s3s::Body> {
    let body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>".to_owned();
    let mut answer = Response::new(s3s::Body::from(body));
    *answer.status_mut() = StatusCode::FORBIDDEN;
    answer
}

/// Has the programs of a home post through the sandbox's schedulers.
pub(crate) fn schedulers(home: &mut Home, which: &str) {
    let at = |path: &str| format!("{}/social/{path}", home.sandbox.url);
    let (buffer, ayrshare) = (at("buffer"), at("ayrshare/api"));
    let (postiz, hook) = (at("postiz/public/v1"), at("hook"));
    home.set("FIRSTCUT_SCHEDULER", which);
    home.set("BUFFER_API_KEY", SOCIAL_KEY);
    home.set("BUFFER_API_URL", buffer);
    home.set("AYRSHARE_API_KEY", SOCIAL_KEY);
    home.set("AYRSHARE_API_URL", ayrshare);
    home.set("POSTIZ_API_KEY", SOCIAL_KEY);
    home.set("POSTIZ_API_URL", postiz);
    home.set("FIRSTCUT_POST_HOOK_URL", hook);
    home.set("FIRSTCUT_POST_HOOK_SECRET", SOCIAL_KEY);
}

/// Nothing was posted twice: a clip, a channel, a scheduler.
pub(crate) fn posted_once(home: &Home) -> Vec<SocialPost> {
    let posts = home.sandbox.social.posts();
    let mut seen = std::collections::HashSet::new();
    for post in &posts {
        let what = (post.media_url.clone(), post.channel.clone(), post.scheduler.clone());
        assert!(seen.insert(what), "posted twice: {post:?}");
    }
    posts
}

pub(crate) fn same_bytes(one: &Path, other: &Path) -> bool {
    std::fs::read(one).unwrap() == std::fs::read(other).unwrap()
}

/// A home that posts through this scheduler, from a bucket of its own.
async fn home(scheduler: &str) -> (Bucket, Home) {
    home_of(scheduler, Clips::Tiny).await
}

/// The same with other clips.
async fn home_of(scheduler: &str, clips: Clips) -> (Bucket, Home) {
    let bucket = Bucket::open().await;
    let mut home = Home::paying(|options| options.skillboss.clips = clips).await;
    bucket.settings(&mut home);
    schedulers(&mut home, scheduler);
    (bucket, home)
}

/// A clip that is done; gives its job.
async fn clip(home: &Home, prompt: &str) -> String {
    home.run(&make(prompt)).await.ok()["job_id"].as_str().unwrap().to_owned()
}
