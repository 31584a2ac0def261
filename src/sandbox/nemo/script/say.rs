//! How the agent talks: to somebody who, it believes, sits before buttons.

use super::super::draft::{AUDIO, TEXT, VIDEO};
use super::super::rows::Project;
use super::op::{percent, pick, pick_text, seconds};
use super::read::{Note, Refused, style_of};
use super::words::{Message, is_cjk};

pub(super) fn starting(ms: u64, notes: &str, zh: bool) -> String {
    let length = ms as f64 / 1000.0;
    pick_text(
        zh,
        format!(
            "On it: generating a {length}-second clip in the sandbox.{notes} This may take a few minutes."
        ),
        format!("好的，正在沙盒中生成{length}秒的视频。{notes}可能需要几分钟。"),
    )
}

pub(super) fn notes(notes: &[Note], zh: bool) -> String {
    let say = |note: &Note| match note {
        Note::CappedLength => pick(zh, " The longest clip is 120 seconds.", "最长120秒。"),
        Note::CappedSize => pick(zh, " The largest size is 1080p.", "最高1080p。"),
    };
    notes.iter().map(say).collect()
}

/// What the second stage has added.
pub(super) fn finished(style: Option<&str>, title: Option<&str>, zh: bool, luck: u64) -> String {
    let music = style.map(|style| {
        pick_text(zh, format!("{style} background music at 35%"), format!("{style}背景音乐（35%）"))
    });
    let title = title.map(|title| {
        pick_text(zh, format!("the title \"{title}\" (0-3s)"), format!("标题“{title}”（0-3秒）"))
    });
    let both: Vec<String> = music.into_iter().chain(title).collect();
    let told = if zh {
        format!("我还添加了{}。", both.join("和"))
    } else {
        format!("I also added {}.", both.join(" and "))
    };
    format!("{told} {}", buttons(zh, luck))
}

/// A closing remark; most of them talk of things to click.
pub(super) fn buttons(zh: bool, luck: u64) -> String {
    let english = [
        "Preview it in the timeline, then click the Export button to download the MP4.",
        "Your video is ready! Click Export in the top-right corner when you are happy with it.",
        "You can drag the clip on the timeline to fine-tune it, or open the Audio panel to change the music.",
        "Anything else you would like to change?",
        "Open the timeline panel to see the tracks.",
    ];
    let chinese = [
        "您可以在时间线中预览，然后点击“导出”按钮下载视频。",
        "视频已准备好，点击右上角的导出即可。",
        "您可以在时间线上拖拽片段进行微调，或打开音频面板更换音乐。",
        "还需要修改什么吗？",
        "打开时间线面板即可查看轨道。",
    ];
    let at = usize::try_from(luck).unwrap_or(0) % english.len();
    pick(zh, english[at], chinese[at])
}

pub(super) fn refusal(why: Refused, zh: bool) -> String {
    match why {
        Refused::Aspect => pick(
            zh,
            "I can't change the aspect ratio of an existing video. I can regenerate it in the new format instead (sandbox).",
            "无法更改现有视频的宽高比，但我可以按新的比例重新生成（沙盒）。",
        ),
        Refused::Link => pick(
            zh,
            "I can't take music or video from streaming links. Pick a style from the built-in library, or upload a file (sandbox).",
            "无法使用流媒体链接，请从内置曲库选择风格或上传文件（沙盒）。",
        ),
        Refused::OffTopic => pick(
            zh,
            "I can only help with making and editing videos. Tell me what your video should show (sandbox).",
            "我只能帮助制作和剪辑视频，请告诉我视频的内容（沙盒）。",
        ),
        Refused::Unclear => pick(
            zh,
            "I did not understand that edit (sandbox). Try for example: add a title \"Hello\", add lo-fi music at 35%, trim to 5 seconds.",
            "我没有理解这个修改（沙盒）。例如：添加标题“你好”，添加轻音乐，剪到5秒。",
        ),
        Refused::Empty => pick(
            zh,
            "Please tell me what you would like to make (sandbox).",
            "请告诉我您想制作什么（沙盒）。",
        ),
    }
}

/// An answer from the state.
pub(super) fn answer(message: &Message, project: &Project, zh: bool) -> String {
    let Some(draft) = &project.draft else {
        let count = project.video_infos.len();
        return pick_text(
            zh,
            format!("The timeline is still empty; {count} file(s) are uploaded (sandbox)."),
            format!("时间线还是空的，已上传{count}个素材（沙盒）。"),
        );
    };
    if message.has(&["long", "duration", "length", "seconds", "多长", "时长", "几秒"]) {
        return pick_text(
            zh,
            format!("The video is {} long.", seconds(draft.d)),
            format!("视频时长{}。", seconds(draft.d)),
        );
    }
    if message.has(&["aspect", "resolution", "size", "分辨率", "比例", "尺寸"]) {
        let (width, height) = (draft.m.width, draft.m.height);
        return pick_text(
            zh,
            format!("The canvas is {width}×{height}."),
            format!("画面尺寸为{width}×{height}。"),
        );
    }
    let mut parts = Vec::new();
    for clip in draft.segments(VIDEO) {
        let name = clip.m.title.as_deref().unwrap_or("clip");
        parts.push(format!("{name} ({}-{})", seconds(clip.s), seconds(clip.s + clip.d)));
    }
    for music in draft.segments(AUDIO) {
        let name = music.m.title.as_deref().unwrap_or("music");
        parts.push(format!("{name} {}", percent(music.m.volume.unwrap_or(1.0))));
    }
    for text in draft.segments(TEXT) {
        let words = text.m.text.as_deref().unwrap_or_default();
        parts.push(format!("\"{words}\" ({}-{})", seconds(text.s), seconds(text.s + text.d)));
    }
    let list = parts.join(", ");
    pick_text(zh, format!("On the timeline (sandbox): {list}."), format!("时间线内容（沙盒）：{list}。"))
}

/// Music that suits a prompt: the style it names, else one by luck.
pub(super) fn music_for(prompt: &str, luck: u64) -> &'static str {
    let known = ["Lo-fi", "Ambient", "Cinematic", "Piano", "Acoustic"];
    style_of(&Message::new(prompt)).unwrap_or(known[usize::try_from(luck).unwrap_or(0) % known.len()])
}

/// A title made of the prompt's first words.
pub(super) fn title_for(prompt: &str) -> String {
    if prompt.chars().any(is_cjk) {
        return prompt.chars().filter(|letter| is_cjk(*letter) || letter.is_alphanumeric()).take(8).collect();
    }
    let small = ["a", "an", "the", "of", "on", "in", "at", "with", "and", "over", "to", "by"];
    let mut words: Vec<&str> = prompt.split_whitespace().take(4).collect();
    while words.len() > 1 && words.last().is_some_and(|word| small.contains(&word.to_lowercase().as_str())) {
        words.pop();
    }
    let capital = |(at, word): (usize, &str)| {
        let mut letters = word.trim_matches(|c: char| !c.is_alphanumeric()).chars();
        match letters.next() {
            Some(first) if at == 0 || !small.contains(&word) => first.to_uppercase().chain(letters).collect(),
            _ => word.to_owned(),
        }
    };
    words.into_iter().enumerate().map(capital).collect::<Vec<String>>().join(" ")
}
