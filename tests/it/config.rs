//! Settings: which place wins, what is refused, and that nothing secret is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use firstcut::config::{Config, Overrides, Pictures, Preview, SETTINGS, ServiceChoice, Surroundings};
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

#[test]
fn pictures_go_to_terminals_that_show_them() {
    for (vars, shows) in [
        (vec![("TERM", "xterm-kitty")], Some(Pictures::Kitty)),
        (vec![("TERM", "xterm-256color"), ("TERM_PROGRAM", "ghostty")], Some(Pictures::Kitty)),
        (vec![("TERM_PROGRAM", "iTerm.app")], Some(Pictures::Iterm)),
        (vec![("TERM_PROGRAM", "WezTerm")], Some(Pictures::Iterm)),
        (vec![("TERM", "xterm-256color")], None),
        (vec![("TERM_PROGRAM", "vscode"), ("KITTY_WINDOW_ID", "1")], None),
        (vec![("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0")], None),
        (vec![], None),
    ] {
        let home = home();
        let around = vars
            .iter()
            .fold(Surroundings::only(home.path()), |around, (name, value)| around.and(name, *value));
        assert_eq!(Config::load(&Overrides::default(), &around).unwrap().pictures, shows, "{vars:?}");
    }
}

#[test]
fn previews_have_a_name_and_a_size() {
    for (name, value) in [
        ("FIRSTCUT_PREVIEW", "thumbnail"),
        ("FIRSTCUT_PREVIEW_KB", "5"),
        ("FIRSTCUT_PREVIEW_KB", "900"),
        ("FIRSTCUT_STRICT", "very"),
    ] {
        let error = with_env(name, value).unwrap_err();
        assert!(error.message().starts_with(name) && error.next_step().is_some(), "{error:?}");
    }
}

#[test]
fn a_program_is_a_name_or_a_path() {
    for (value, program) in [("ffmpeg", "ffmpeg"), ("/opt/ffmpeg", "/opt/ffmpeg")] {
        assert_eq!(with_env("FIRSTCUT_FFMPEG", value).unwrap().ffmpeg, Some(program.into()));
    }
}

#[test]
fn a_file_may_be_named_where_one_is_meant() {
    let home = home();
    let path = home.path().join("facts.toml");
    std::fs::write(&path, "").unwrap();
    let around = |name: &str| Surroundings::only(home.path()).and(name, path.to_str().unwrap());
    assert_eq!(load(&around("FIRSTCUT_CATALOG")).unwrap().catalog_file.as_deref(), Some(path.as_path()));
    assert_eq!(load(&around("FIRSTCUT_FFMPEG")).unwrap().ffmpeg.as_deref(), Some(path.as_path()));
    for name in ["FIRSTCUT_OUTPUT", "FIRSTCUT_FILES"] {
        let error = load(&around(name)).unwrap_err();
        assert!(error.message().contains("which is a file"), "{error}");
    }
    // A catalog beside the settings file needs no name.
    let home = self::home();
    let beside = home.path().join("catalog.toml");
    assert_eq!(load(&Surroundings::only(home.path())).unwrap().catalog_file, None);
    std::fs::write(&beside, "").unwrap();
    assert_eq!(load(&Surroundings::only(home.path())).unwrap().catalog_file, Some(beside));
}

#[test]
fn a_key_of_skillboss_chooses_its_host() {
    for (name, host) in
        [("SKILLBOSS_API_KEY", "api.heybossai.com"), ("SKILLBOSS_WHOLESALE_KEY", "api.skillboss.co")]
    {
        let settings = with_env(name, "sk-CANARY0123456789").unwrap().skillboss;
        assert_eq!(settings.api_url.host_str(), Some(host));
        assert_eq!(settings.api_url.path(), "/v1");
        assert_eq!(settings.web_url.as_str(), "https://www.skillboss.co/");
        assert!(settings.is_set_up());
        let error = with_env(name, "Bearer sk-CANARY0123456789").unwrap_err();
        assert!(error.message().starts_with(name) && !format!("{error:?}").contains("CANARY"), "{error}");
    }
    let both = load(
        &Surroundings::only(home().path())
            .and("SKILLBOSS_API_KEY", "sk-a")
            .and("SKILLBOSS_WHOLESALE_KEY", "sk-b"),
    );
    assert_eq!(both.unwrap().skillboss.api_url.host_str(), Some("api.skillboss.co"));
    assert!(!with_env("SKILLBOSS_API_KEY", "").unwrap().skillboss.is_set_up());
}

#[test]
fn empty_values_and_unfilled_placeholders_are_unset() {
    for value in ["", "${user_config.token}", "${NEMO_TOKEN}", " ${input:token} "] {
        assert!(with_env("NEMO_TOKEN", value).unwrap().nemo.token.is_none(), "{value:?}");
        assert_eq!(with_env("FIRSTCUT_POLL_S", value).unwrap().poll, None, "{value:?}");
        assert!(!with_env("FIRSTCUT_FILES", value).unwrap().file_roots_are_explicit, "{value:?}");
    }
    let home = home();
    assert!(with_file(home.path(), "[nemo]\ntoken = ''").unwrap().nemo.token.is_none());
}

#[test]
fn a_malformed_token_is_an_error_and_never_another_account() {
    for value in [
        "  ",
        "nmv_usr_CANARY 0123",
        "nmv_usr_CANARY0123\n",
        "Bearer nmv_usr_CANARY",
        "nmv_usr_CANARY\u{7}",
        "nmv_CANARYé",
        "\"nmv_CANARY\"",
    ] {
        let error = with_env("NEMO_TOKEN", value).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{value:?}");
        assert!(error.message().starts_with("NEMO_TOKEN (environment) "), "{value:?}");
        assert!(error.next_step().unwrap().contains("never silently swapped"), "{value:?}");
        assert!(!format!("{error:?}").contains("CANARY"), "{value:?}");
    }
}

#[test]
fn wrong_values_are_named_with_their_place_and_their_right_form() {
    for (name, value, says, fix) in [
        ("FIRSTCUT_SERVICE", "sora", "\"sora\", which is no service", "auto, nemo, skillboss or sandbox"),
        ("FIRSTCUT_WAIT_S", "ten", "\"ten\"", "from 0 to 3600"),
        ("FIRSTCUT_WAIT_S", "-1", "\"-1\"", "from 0 to 3600"),
        ("FIRSTCUT_WAIT_S", "NaN", "\"NaN\"", "from 0 to 3600"),
        ("FIRSTCUT_POLL_S", "0", "\"0\"", "from 0.01 to 3600"),
        ("FIRSTCUT_POLL_S", "inf", "\"inf\"", "from 0.01 to 3600"),
        ("FIRSTCUT_ALLOW_LOOPBACK", "maybe", "\"maybe\"", "1 or 0"),
        ("FIRSTCUT_LOG", "loudest", "no log filter", "error, warn, info, debug, trace"),
        ("NEMO_API_URL", "http://api.example", "not encrypted", "https"),
        ("NEMO_API_URL", "https://127.0.0.1:1", "on this machine", "FIRSTCUT_ALLOW_LOOPBACK=1"),
        ("NEMO_API_URL", "http://localhost", "on this machine", "FIRSTCUT_ALLOW_LOOPBACK=1"),
        ("NEMO_API_URL", "api.example", "no web address", "https://host"),
        ("NEMO_API_URL", "https://me:CANARY@api.example", "user name", "https://host"),
        ("NEMO_WEB_URL", "ftp://web.example", "no web address", "https://host"),
        ("NEMO_CLIENT_ID", "a b", "\"a b\"", "64 printable"),
        ("SKILL_SOURCE", "x\u{e9}", "\"xé\"", "64 printable"),
    ] {
        let error = with_env(name, value).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{name}={value}");
        assert!(error.message().starts_with(&format!("{name} (environment) ")), "{error}");
        assert!(error.message().contains(says), "{error}");
        assert!(error.next_step().unwrap().contains(fix), "{error:?}");
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
    assert!(with_env("NEMO_CLIENT_ID", &"x".repeat(64)).is_ok());
    assert!(with_env("NEMO_CLIENT_ID", &"x".repeat(65)).is_err());
}

#[test]
fn an_address_that_may_hold_a_key_is_never_quoted() {
    for (name, value, says) in [
        ("FIRSTCUT_POST_HOOK_URL", "hooks.example/T0/CANARY", "hidden here, which is no web address"),
        ("FIRSTCUT_POST_HOOK_URL", "http://hooks.example/CANARY", "hidden here, which is not encrypted"),
        ("FIRSTCUT_POST_HOOK_URL", "https://127.0.0.1/CANARY", "hidden here, on this machine"),
        ("FIRSTCUT_POST_HOOK_URL", "https://hooks.example/a?key=CANARY", "carries a user name, a query"),
        ("FIRSTCUT_PUBLIC_URL", "me:CANARY@video.example", "no web address"),
        ("NEMO_API_URL", "ftp://me:CANARY@api.example", "no web address"),
        ("SKILLBOSS_API_URL", "api.example/?key=CANARY", "no web address"),
    ] {
        let error = with_env(name, value).unwrap_err();
        assert!(error.message().contains(name) && error.message().contains(says), "{}", error.message());
        assert!(error.next_step().is_some(), "{error:?}");
        let all = format!("{} {:?} {error:?} {error}", error.message(), error.next_step());
        assert!(!all.contains("CANARY"), "{all}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let home = home();
    let around = Surroundings::only(home.path()).and("FIRSTCUT_POLL_S", "soon").and("FIRSTCUT_SERVICE", "x");
    let error = load(&around).unwrap_err();
    insta::assert_snapshot!(format!("{error}\n{}", error.next_step().unwrap()), @r#"
    FIRSTCUT_SERVICE (environment) is "x", which is no service. FIRSTCUT_POLL_S (environment) is "soon".
    FIRSTCUT_SERVICE: Choose auto, nemo, skillboss or sandbox. FIRSTCUT_POLL_S: Give seconds as a number from 0.01 to 3600.
    "#);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    let home = home();
    for (text, nearest) in [
        ("servise = 'nemo'", Some("service")),
        ("NEMO_TOKEN = 'CANARY'", Some("nemo.token")),
        ("token = 'CANARY'", Some("nemo.token")),
        ("[nemo]\napi_ulr = 'x'", Some("nemo.api_url")),
        ("[firstcut]\nx = 1", None),
        ("zzzzz = 1", None),
    ] {
        let error = with_file(home.path(), text).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains("there is no setting"), "{error}");
        match nearest {
            Some(key) => assert!(error.message().ends_with(&format!("did you mean {key}?")), "{error}"),
            None => assert!(!error.message().contains("did you mean"), "{error}"),
        }
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
}

#[test]
fn a_corrupt_file_is_told_by_line_and_shows_no_secret() {
    let home = home();
    for (text, line) in [
        ("service = \"nemo\"\n[nemo]\ntoken = \"nmv_CANARY", Some("line 3")),
        ("[nemo]\ntoken = nmv_CANARY", Some("line 2")),
        ("\u{0}\u{1}", Some("line 1")),
        ("files = [1, 2]", None),
        ("files = {a = 1}", None),
    ] {
        let error = with_file(home.path(), text).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{text:?}");
        assert!(error.message().contains("firstcut.toml"), "{error}");
        assert!(line.is_none_or(|line| error.message().contains(line)), "{error}");
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
    std::fs::write(home.path().join("firstcut.toml"), [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(load(&Surroundings::only(home.path())).unwrap_err().kind(), Kind::Config);
    std::fs::remove_file(home.path().join("firstcut.toml")).unwrap();
    std::fs::create_dir(home.path().join("firstcut.toml")).unwrap();
    assert_eq!(load(&Surroundings::only(home.path())).unwrap_err().kind(), Kind::Config);
}

#[test]
fn folders_are_lists_absolute_and_no_files() {
    let home = home();
    let joined = std::env::join_paths(["/a", "b", "~/c"]).unwrap();
    let config = load(&Surroundings::only(home.path()).and("FIRSTCUT_FILES", joined)).unwrap();
    assert_eq!(config.file_roots, ["/a".into(), home.path().join("b"), home.path().join("c")]);
    let file = home.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for name in ["FIRSTCUT_OUTPUT", "FIRSTCUT_FILES", "FIRSTCUT_HOME"] {
        let error = load(&Surroundings::only(home.path()).and(name, &file)).unwrap_err();
        assert!(error.message().starts_with(name) && error.message().contains("which is a file"), "{error}");
    }
}

#[test]
fn the_install_path_tells_who_installed_us() {
    for (exe, platform) in [
        ("/home/ann/.clawhub/skills/firstcut/firstcut", "clawhub"),
        ("/home/ann/.cursor/skills/firstcut/bin/firstcut", "cursor"),
        ("/home/ann/.cursor/firstcut", "unknown"),
        ("/usr/local/bin/firstcut", "unknown"),
        ("/usr/bin/.clawhub", "unknown"),
    ] {
        let home = home();
        let mut around = Surroundings::only(home.path());
        around.exe = Some(exe.into());
        assert_eq!(load(&around).unwrap().nemo.platform, platform, "{exe}");
        let around = around.and("SKILL_SOURCE", "github");
        assert_eq!(load(&around).unwrap().nemo.platform, "github");
    }
}

#[test]
fn who_we_are_at_the_bucket_is_read_from_the_usual_variables() {
    let home = home();
    let around = |vars: &[(&str, &str)]| {
        let mut around = Surroundings::only(home.path()).and("FIRSTCUT_BUCKET", "our-clips");
        for (name, value) in vars {
            around = around.and(name, *value);
        }
        Config::load(&Overrides::default(), &around).unwrap().bucket.unwrap()
    };
    let plain = around(&[]);
    assert_eq!(
        (plain.region.as_str(), plain.endpoint.is_none(), plain.aws.keys.is_none()),
        ("us-east-1", true, true)
    );
    assert!(!plain.aws.instance, "a machine's own role is never tried unasked");
    let ours = around(&[
        ("AWS_REGION", "eu-west-3"),
        ("AWS_ENDPOINT_URL_S3", "https://store.example"),
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "CANARY-secret-0123456789"),
        ("AWS_SESSION_TOKEN", "CANARY-session-0123456789"),
        ("AWS_PROFILE", "team"),
    ]);
    assert_eq!(ours.region, "eu-west-3");
    assert_eq!(ours.endpoint.as_ref().unwrap().as_str(), "https://store.example/");
    assert_eq!(ours.aws.keys.as_ref().unwrap().id, "AKIATEST");
    assert_eq!(ours.aws.profile.as_deref(), Some("team"));
    assert!(!format!("{ours:?}").contains("CANARY"));
    for (name, value, fix) in [
        ("FIRSTCUT_BUCKET", "s3://our-clips/x", "Give only the name"),
        ("FIRSTCUT_BUCKET_KEY", "clips/latest.mp4", "{job}"),
        ("FIRSTCUT_BUCKET_LINK_S", "1000000", "604800"),
        ("AWS_ENDPOINT_URL_S3", "http://store.example", "https"),
        ("FIRSTCUT_SCHEDULER", "hootsuite", "buffer, ayrshare, postiz, hook"),
    ] {
        let around = Surroundings::only(home.path()).and("FIRSTCUT_BUCKET", "our-clips").and(name, value);
        let error = Config::load(&Overrides::default(), &around).unwrap_err();
        let told = format!("{error} {}", error.next_step().unwrap_or_default());
        assert!(told.contains(fix), "{name}: {told}");
    }
}
