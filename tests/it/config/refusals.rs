//! Settings that are refused: which one, where it stands and what it may be; and nothing secret is told.

use firstcut::config::Surroundings;
use firstcut::error::Kind;

use super::{home, load, with_env, with_file};

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
