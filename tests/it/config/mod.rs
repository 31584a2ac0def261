//! Settings: which place wins, what each may be, and what is refused.

mod refusals;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

use firstcut::config::{Config, Overrides, Preview, SETTINGS, ServiceChoice, Surroundings};
use firstcut::error::{Error, Kind};
use firstcut::model::job::Service;
use tempfile::TempDir;

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn load(around: &Surroundings) -> Result<Config, Error> {
    Config::load(&Overrides::default(), around)
}

fn with_file(home: &Path, text: &str) -> Result<Config, Error> {
    std::fs::write(home.join("firstcut.toml"), text).unwrap();
    load(&Surroundings::only(home))
}

fn with_env(name: &str, value: &str) -> Result<Config, Error> {
    let home = home();
    load(&Surroundings::only(home.path()).and(name, value))
}

#[test]
fn nothing_set_is_fine() {
    let home = home();
    let config = load(&Surroundings::only(home.path())).unwrap();
    assert_eq!(config.service, ServiceChoice::Auto);
    assert_eq!(config.wait, None);
    let app = firstcut::app::App::build(config.clone());
    for (service, ms) in [(Service::Nemo, 30_000), (Service::SkillBoss, 7_500), (Service::Sandbox, 1_000)] {
        assert_eq!(app.poll(service), Duration::from_millis(ms), "{service:?}");
    }
    assert_eq!(config.output_dir, home.path().join("output"));
    assert_eq!(config.nemo.api_url.as_str(), "https://mega-api-prod.nemovideo.ai/");
    assert_eq!(config.nemo.platform, "unknown");
    assert!(config.nemo.token.is_none());
    assert!(config.resolved.iter().skip(1).all(|setting| setting.source == "default"));
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "loading must not write anything");
}

#[test]
fn without_a_home_folder_it_says_what_to_set() {
    let error = load(&Surroundings { working_dir: "/".into(), ..Surroundings::default() }).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.next_step().unwrap().contains("FIRSTCUT_HOME"));
}

#[test]
fn platform_folders_are_used_without_firstcut_home() {
    let around = Surroundings {
        working_dir: "/w".into(),
        config_dir: Some("/c".into()),
        data_dir: Some("/d".into()),
        video_dir: Some("/v".into()),
        media_dirs: vec!["/v".into(), "/pictures".into()],
        ..Surroundings::default()
    };
    let config = load(&around).unwrap();
    assert_eq!(config.config_file, Path::new("/c/firstcut.toml"));
    assert_eq!(config.ledger_file, Path::new("/d/ledger.sqlite"));
    assert_eq!(config.output_dir, Path::new("/v/firstcut"));
    assert_eq!(config.file_roots, ["/v", "/pictures"].map(PathBuf::from));
    assert!(!config.file_roots_are_explicit);
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let home = home();
    std::fs::write(
        home.path().join("firstcut.toml"),
        "service = \"nemo\"\npoll_s = 5\n[nemo]\nclient_id = 'file'\n",
    )
    .unwrap();
    let around = Surroundings::only(home.path()).and("FIRSTCUT_SERVICE", "auto").and("NEMO_CLIENT_ID", "env");
    let flags = Overrides::default().with("FIRSTCUT_SERVICE", Some("sandbox"));
    let config = Config::load(&flags, &around).unwrap();
    assert_eq!(config.service, ServiceChoice::Sandbox);
    assert_eq!(config.nemo.client_id.as_deref(), Some("env"));
    assert_eq!(config.poll, Some(Duration::from_secs(5)));
    let source = |name| config.resolved.iter().find(|setting| setting.name == name).unwrap().source.clone();
    assert_eq!(source("FIRSTCUT_SERVICE"), "flag --service");
    assert_eq!(source("NEMO_CLIENT_ID"), "environment");
    assert!(source("FIRSTCUT_POLL_S").starts_with("poll_s in "));
    assert_eq!(source("FIRSTCUT_LOG"), "default");
}

#[test]
fn a_file_may_set_everything() {
    let home = home();
    let text = r#"
        service = "sandbox"
        wait_s = 12.5
        poll_s = 0.05
        files = ["clips", "~/more"]
        output = "videos"
        ffmpeg = "tools/ffmpeg"
        preview = "poster"
        preview_kb = 90
        strict = true
        enhance = true
        allow_loopback = true
        log = "info,rmcp=error"
        catalog = "prices.toml"
        deliver = "s3"
        [bucket]
        name = "our-clips"
        region = "eu-central-1"
        endpoint = "https://store.example/"
        key = "{date}/{job}.mp4"
        url = "https://cdn.example/clips"
        link_s = 600
        [social]
        scheduler = "hook"
        buffer_key = "CANARY-buffer-0123456789"
        buffer_url = "https://buffer.example"
        ayrshare_key = "CANARY-ayrshare-0123456789"
        ayrshare_profile = "CANARY-profile-0123456789"
        ayrshare_url = "https://ayrshare.example/api"
        postiz_key = "CANARY-postiz-0123456789"
        postiz_url = "https://postiz.example/api/public/v1"
        hook_url = "https://hook.example/posts"
        hook_secret = "whsec_CANARY0123456789"
        hook_repeats = true
        [budget]
        max_per_call = "1.50"
        max_per_day = 18
        max_per_week = 90.5
        max_per_batch = 40
        approve_above = "$3"
        allow_unknown_price = true
        [hooks]
        public_url = "https://hooks.example/"
        signature = "standard"
        secrets = ["whsec_CANARY0123456789012345", "another-CANARY-secret-012345"]
        [http]
        token = "door-CANARY-0123456789"
        hosts = ["Video.example.com", "video.example.org"]
        [nemo]
        token = "nmv_usr_CANARY0123456789"
        api_url = "http://127.0.0.1:8080/"
        web_url = "https://web.example/x/"
        client_id = "me"
        skill_source = "github"
        [skillboss]
        api_key = "sk-CANARY0123456789"
        wholesale_key = "sk-whole-CANARY0123456789"
        receipt_key = "receipts-CANARY-0123456789"
        api_url = "http://127.0.0.1:8081/v1/"
        web_url = "http://127.0.0.1:8081"
    "#;
    let config = with_file(home.path(), text).unwrap();
    assert_eq!(config.wait, Some(Duration::from_millis(12_500)));
    assert_eq!(config.poll, Some(Duration::from_millis(50)));
    assert_eq!(config.file_roots, [home.path().join("clips"), home.path().join("more")]);
    assert!(config.file_roots_are_explicit);
    assert_eq!(config.output_dir, home.path().join("videos"));
    assert_eq!((config.preview, config.preview_bytes, config.strict), (Preview::Poster, 90_000, true));
    assert_eq!(config.ffmpeg, Some(home.path().join("tools/ffmpeg")));
    assert_eq!(config.nemo.api_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.nemo.web_url.as_str(), "https://web.example/x");
    assert_eq!(config.nemo.platform, "github");
    assert_eq!(config.nemo.token.as_ref().unwrap().reveal(), "nmv_usr_CANARY0123456789");
    assert_eq!(config.skillboss.api_url.as_str(), "http://127.0.0.1:8081/v1");
    assert_eq!(config.skillboss.web_url.as_str(), "http://127.0.0.1:8081/");
    assert_eq!(config.skillboss.receipt_key.as_ref().unwrap().reveal(), "receipts-CANARY-0123456789");
    assert!(config.skillboss.is_set_up());
    assert_eq!(config.catalog_file, Some(home.path().join("prices.toml")));
    let usd = |text: &str| Some(text.parse().unwrap());
    assert_eq!((config.budget.per_call, config.budget.per_day), (usd("1.50"), usd("18")));
    assert_eq!((config.budget.per_week, config.budget.approve_above), (usd("90.50"), usd("3")));
    assert_eq!(config.budget.per_batch, usd("40"));
    assert!(config.budget.allow_unknown_price);
    assert_eq!(config.http.hosts, ["video.example.com", "video.example.org"]);
    assert_eq!(config.http.token.as_ref().unwrap().reveal(), "door-CANARY-0123456789");
    assert_eq!(config.hooks.public_url.as_ref().unwrap().as_str(), "https://hooks.example/");
    assert_eq!(config.hooks.secrets.len(), 2);
    let bucket = config.bucket.as_ref().unwrap();
    assert_eq!((bucket.name.as_str(), bucket.region.as_str()), ("our-clips", "eu-central-1"));
    assert_eq!((bucket.key.as_str(), bucket.link), ("{date}/{job}.mp4", Some(Duration::from_secs(600))));
    assert_eq!(bucket.endpoint.as_ref().unwrap().as_str(), "https://store.example/");
    assert_eq!(bucket.public_url.as_ref().unwrap().as_str(), "https://cdn.example/clips");
    assert_eq!((config.deliver.as_deref(), config.social.scheduler.as_deref()), (Some("s3"), Some("hook")));
    assert!(config.social.hook_ignores_repeats);
    assert_eq!(config.social.postiz_url.as_str(), "https://postiz.example/api/public/v1");
    // The table names every key that the file may have, and nothing printable shows the token.
    let keys = SETTINGS.iter().filter(|setting| setting.key.is_some()).count();
    let from_file = config.resolved.iter().filter(|setting| setting.source.contains(" in ")).count();
    assert_eq!(keys, from_file);
    assert!(!format!("{config:?}").contains("CANARY"));
}
