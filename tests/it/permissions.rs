//! What the system does not let the user read or write: told before anything is sent, at both doors.
#![cfg(unix)]

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;

use crate::home::Home;

const CLIP: &str = "generate a 1-second 360p video of a lake";
const PICTURE: &[u8] = include_bytes!("../fixtures/media/picture.png");

fn close(path: &Path) {
    set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

fn open(path: &Path) {
    set_permissions(path, Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_be_read() {
    let mut home = Home::new().await;
    home.run_without_rights();
    close(&home.write("locked.png", PICTURE));
    let folder = home.work().join("locked");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("inside.png"), PICTURE).unwrap();
    close(&folder);
    set_permissions(home.write("fine.png", PICTURE), Permissions::from_mode(0o644)).unwrap();

    for file in ["locked.png", "locked/inside.png"] {
        for words in [
            vec!["upload", file, "--json"],
            vec!["upload", "fine.png", file, "--json"],
            vec!["make", CLIP, "--upload", file, "--json"],
            vec!["make", CLIP, "--image", file, "--json"],
        ] {
            let ran = home.run(&words).await;
            let error = ran.error();
            assert_eq!((&error["code"], ran.code), (&json!("storage"), Some(26)), "{ran:?}");
            let (said, next) = (error["message"].as_str().unwrap(), error["next"].as_str().unwrap());
            assert!(said.contains(file) && said.contains("cannot be read"), "{said}");
            assert!(next.contains("permission"), "{next}");
            assert_eq!(error["money"], "not_spent");
        }
    }
    let mut serve = home.serve().await;
    for (tool, arguments) in [
        ("upload", json!({"files": ["fine.png", "locked.png"]})),
        ("generate_video", json!({"prompt": CLIP, "image": "locked.png"})),
        ("generate_video", json!({"prompt": CLIP, "reference_images": ["locked/inside.png"]})),
    ] {
        let text = serve.talk.call_error(tool, arguments).await;
        assert!(text.starts_with("storage: ") && text.contains("cannot be read"), "{text}");
        assert!(text.contains("Nothing was spent."), "{text}");
    }
    serve.hang_up().await;
    assert_eq!((home.effects(), home.jobs().await.len()), (0, 0), "nothing was sent or written down");
    assert_eq!(home.run(&["upload", "fine.png", "--json"]).await.code, Some(0), "it was the permission");
    open(&folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_may_not_be_written() {
    let mut home = Home::new().await;
    home.run_without_rights();
    let folder = home.work().join("closed");
    std::fs::create_dir(&folder).unwrap();
    set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    let ran = home.run(&["make", CLIP, "-o", "closed/clip.mp4", "--json"]).await;
    assert_eq!(ran.error()["code"], "storage", "{ran:?}");
    let mut serve = home.serve().await;
    let wanted = json!({"prompt": CLIP, "output_path": "closed/clip.mp4"});
    let text = serve.talk.call_error("generate_video", wanted).await;
    assert!(text.starts_with("storage: ") && text.contains("closed"), "{text}");
    serve.hang_up().await;
    assert_eq!((home.effects(), home.jobs().await.len()), (0, 0));
    open(&folder);
}
