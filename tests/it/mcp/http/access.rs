//! Who is let in, and which files callers may reach.

use std::net::SocketAddr;

use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::http::Access;
use reqwest::StatusCode;
use serde_json::json;

use super::{Door, told};

const TOKEN: &str = "a-token-of-this-test";

#[tokio::test]
async fn strangers_are_not_let_in() {
    let door = Door::open(&[("FIRSTCUT_HTTP_TOKEN", TOKEN)]).await;
    let list = || door.ask("tools/list", json!({}));
    let answer = list().send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"firstcut\"");
    let answer = list().bearer_auth("another-token-000").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    assert_eq!(list().bearer_auth(TOKEN).send().await.unwrap().status(), StatusCode::OK);
    for (name, value) in [("host", "rebound.example"), ("origin", "https://foreign.example")] {
        let answer = list().bearer_auth(TOKEN).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
    }
    // The other routes have their own rules.
    let well = door.caller.get(format!("http://{}/healthz", door.address)).send().await.unwrap();
    assert_eq!(well.status(), StatusCode::OK);
    door.close().await;

    let home = tempfile::tempdir().unwrap();
    let config = |settings: &[(&str, &str)]| {
        let mut around = Surroundings::only(home.path());
        for (name, value) in settings {
            around = around.and(name, value);
        }
        Config::load(&Overrides::default(), &around).unwrap()
    };
    let wide: SocketAddr = "0.0.0.0:8787".parse().unwrap();
    let refused = Access::new(&config(&[]), wide).err().unwrap();
    assert_eq!(refused.kind().code(), "config");
    assert!(refused.next_step().unwrap().contains("FIRSTCUT_HTTP_TOKEN"), "{refused:?}");
    assert!(Access::new(&config(&[("FIRSTCUT_HTTP_TOKEN", TOKEN)]), wide).unwrap().is_some());
    // Behind a proxy everybody seems to be near.
    let public = [("FIRSTCUT_PUBLIC_URL", "https://video.example.com")];
    assert!(Access::new(&config(&public), "127.0.0.1:8787".parse().unwrap()).unwrap().is_none());
}

#[tokio::test]
async fn callers_reach_the_output_folder_and_what_was_named() {
    let named = tempfile::tempdir().unwrap();
    let door = Door::open(&[]).await;
    let open = Door::open(&[("FIRSTCUT_FILES", named.path().to_str().unwrap())]).await;
    let picture = b"not a picture at all";
    let clip = |folder: &std::path::Path| {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join("note.png");
        std::fs::write(&path, picture).unwrap();
        path
    };
    let (mine, elsewhere, shared) = (
        clip(&door.home.path().join("output")),
        clip(&door.home.path().join("Pictures")),
        clip(named.path()),
    );
    for (door, path, forbidden) in
        [(&door, &mine, false), (&door, &elsewhere, true), (&door, &shared, true), (&open, &shared, false)]
    {
        let (_, answer) = told(door.call("upload", json!({"files": [path]}))).await;
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        // What is inside is no picture, which only somebody who may look can tell.
        let code = if forbidden { "forbidden: " } else { "unsupported_file: " };
        assert!(text.starts_with(code), "{}: {text}", path.display());
    }
    door.close().await;
    open.close().await;
}
