//! What a setting may be, and what it is taken for.

use firstcut::config::{Config, Overrides, Pictures, Surroundings};

use super::{home, load, with_env, with_file};

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
