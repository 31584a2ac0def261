//! The assistant's eyes: a picture with the result, a verdict per point, and an error for the strict.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::Pipe;

/// The pictures of an answer, decoded.
fn pictures(answer: &Value) -> Vec<Vec<u8>> {
    let content = answer["result"]["content"].as_array().unwrap();
    let images = content.iter().filter(|block| block["type"] == "image");
    let decoded = images.map(|block| {
        assert_eq!(block["mimeType"], "image/jpeg");
        BASE64.decode(block["data"].as_str().unwrap()).unwrap()
    });
    decoded.collect()
}

fn report(answer: &Value) -> &Value {
    &answer["result"]["structuredContent"]
}

fn verdict<'a>(report: &'a Value, point: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {report:#}"));
    checks.iter().find(|check| check["point"] == point).map_or("", |check| check["verdict"].as_str().unwrap())
}

#[tokio::test]
async fn a_result_comes_with_nine_frames_and_a_verdict() {
    let mut pipe = Pipe::initialized().await;
    let asked = json!({"prompt": "a 2-second video of a sunset over the ocean", "resolution": "720p",
        "aspect_ratio": "9:16", "generate_audio": true, "wait_seconds": 120});
    let made = pipe.call("generate_video", asked.clone()).await;
    let video = report(&made).clone();
    assert_eq!(video["state"], "done", "{made}");
    for point in ["container", "complete", "faststart", "duration", "resolution", "aspect", "start", "sound"]
    {
        assert_eq!(verdict(&video, point), "pass", "{point}: {video:#}");
    }
    let shown = pictures(&made);
    assert_eq!(shown.len(), 1);
    assert!(shown[0].len() <= 200_000 && shown[0].starts_with(&[0xff, 0xd8]));
    assert!(made.to_string().len() < 900_000);

    // It lies beside the video under its name, and is listed.
    let (clip, sheet) = (&video["files"][0], &video["files"][1]);
    let stem = clip["path"].as_str().unwrap().strip_suffix(".mp4").unwrap();
    assert_eq!(sheet["path"], format!("{stem}.sheet.jpg"));
    assert_eq!(
        (&sheet["mime"], sheet["bytes"].as_u64()),
        (&json!("image/jpeg"), Some(shown[0].len() as u64))
    );
    assert_eq!(std::fs::read(sheet["path"].as_str().unwrap()).unwrap(), shown[0]);

    // Asked again, it is the saved one, unless the call wants another or none.
    let check = |preview: &str| json!({"job_id": video["job_id"], "preview": preview});
    let id = json!({"job_id": video["job_id"]});
    assert_eq!(pictures(&pipe.call("check_job", id.clone()).await), shown);
    assert!(pictures(&pipe.call("check_job", check("none")).await).is_empty());
    let poster = pipe.call("check_job", check("poster")).await;
    assert_ne!(pictures(&poster), shown);
    assert_eq!(pictures(&poster).len(), 1);
    assert!(!Path::new(&format!("{stem}.poster.jpg")).exists(), "who only reads leaves nothing behind");

    // A picture that was thrown away is drawn anew; a video that was thrown away cannot be.
    let sheet = Path::new(sheet["path"].as_str().unwrap());
    std::fs::remove_file(sheet).unwrap();
    assert_eq!(pictures(&pipe.call("check_job", id.clone()).await), shown);
    assert!(!sheet.exists());
    let again = pipe.call("generate_video", asked).await;
    assert_eq!(pictures(&again), shown, "the same call, the same job, the same picture");
    assert!(sheet.exists());
    std::fs::remove_file(sheet).unwrap();
    std::fs::remove_file(clip["path"].as_str().unwrap()).unwrap();
    let blind = pipe.call("check_job", id).await;
    assert!(pictures(&blind).is_empty());
    assert!(report(&blind)["message"].as_str().unwrap().contains("not there any more"), "{blind}");
    assert_eq!(blind["result"]["isError"], false);

    // Lists show only what is not good.
    let jobs = pipe.call("list_jobs", json!({})).await;
    assert!(report(&jobs)["jobs"][0].get("checks").is_none(), "{jobs}");
    pipe.hang_up().await;
}

#[tokio::test]
async fn without_a_preview_nothing_is_drawn_and_the_check_is_made_all_the_same() {
    let mut pipe = Pipe::initialized().await;
    let asked = json!({"prompt": "a 1-second video of snow", "resolution": "720p", "preview": "none", "wait_seconds": 120});
    let made = pipe.call("generate_video", asked).await;
    assert!(pictures(&made).is_empty());
    let video = report(&made);
    assert_eq!(video["files"].as_array().unwrap().len(), 1, "{video:#}");
    assert_eq!(verdict(video, "complete"), "pass");
    let exported = pipe.call("export", json!({"preview": "poster", "wait_seconds": 120})).await;
    assert_eq!(pictures(&exported).len(), 1);
    assert!(report(&exported)["files"][1]["path"].as_str().unwrap().ends_with(".poster.jpg"));
    for bad in [json!({"preview": "film"}), json!({"strict": "yes"})] {
        let refused = pipe.call("export", bad).await;
        assert_eq!(refused["result"]["isError"], true, "{refused}");
    }
    pipe.hang_up().await;
}
