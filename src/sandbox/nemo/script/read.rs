//! From a person's words to what is wanted: a video, changes, an answer, or nothing that can be done.

use super::super::draft::{AUDIO, TEXT, VIDEO};
use super::super::rows::Project;
use super::op::{Op, text_of};
use super::words::Message;

/// What a message wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Intent {
    /// Make a clip; the notes are limits worth a word.
    Generate { op: Op, notes: Vec<Note> },
    /// Change the timeline.
    Edit(Vec<Op>),
    /// Answer from the state.
    Ask,
    /// Say why not.
    Refuse(Refused),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    CappedLength,
    CappedSize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The shape of existing footage (NemoVideo documents: cannot change).
    Aspect,
    /// Music from a streaming site.
    Link,
    /// Not about video.
    OffTopic,
    /// An edit that the sandbox's agent does not understand.
    Unclear,
    Empty,
}

/// The longest clip in ms.
const LONGEST_MS: u64 = 120_000;

const ASPECTS: [(&[&str], u32, u32); 8] = [
    (
        &[
            "9:16", "9x16", "vertical", "portrait", "tiktok", "reels", "reel", "shorts", "竖屏", "竖版",
            "抖音",
        ],
        9,
        16,
    ),
    (&["16:9", "16x9", "landscape", "horizontal", "widescreen", "横屏", "横版"], 16, 9),
    (&["1:1", "square", "方形", "正方形"], 1, 1),
    (&["4:5"], 4, 5),
    (&["4:3"], 4, 3),
    (&["3:4"], 3, 4),
    (&["21:9", "cinemascope"], 21, 9),
    (&["2:3"], 2, 3),
];

const MAKE: [&str; 9] =
    ["generate", "regenerate", "create", "produce", "生成", "制作", "创建", "做一个", "做一段"];
const FILM: [&str; 22] = [
    "video",
    "videos",
    "clip",
    "movie",
    "film",
    "footage",
    "timelapse",
    "time-lapse",
    "animation",
    "reel",
    "short",
    "scene",
    "ad",
    "intro",
    "teaser",
    "trailer",
    "视频",
    "短片",
    "影片",
    "片段",
    "动画",
    "镜头",
];
const TITLE: [&str; 16] = [
    "title",
    "text",
    "caption",
    "captions",
    "subtitle",
    "subtitles",
    "headline",
    "watermark",
    "lower third",
    "words",
    "标题",
    "文字",
    "字幕",
    "文案",
    "水印",
    "片名",
];
const MUSIC: [&str; 13] = [
    "music",
    "bgm",
    "soundtrack",
    "song",
    "background track",
    "beat",
    "score",
    "audio track",
    "音乐",
    "配乐",
    "歌",
    "背景音",
    "曲子",
];

pub(super) fn intent(message: &Message, project: &Project) -> Intent {
    if message.text.trim().is_empty() {
        return Intent::Refuse(Refused::Empty);
    }
    if message.has(&["youtube.com", "youtu.be", "spotify", "soundcloud"]) {
        return Intent::Refuse(Refused::Link);
    }
    let has_draft = project.draft.is_some();
    let generates = wants_clip(message);
    if has_draft && !generates && changes_aspect(message) {
        return Intent::Refuse(Refused::Aspect);
    }
    if generates {
        return generation(message, project);
    }
    let question = message
        .begins(&["what", "how", "which", "who", "when", "where", "why", "is", "are", "does", "did"])
        || message.text.ends_with(['?', '？'])
            && !message.begins(&["can you", "could you", "please", "would you"])
        || message.has(&["多长", "多少", "几个", "什么", "吗"]);
    if question && !message.has(&["把", "请"]) {
        return if about_video(message) { Intent::Ask } else { Intent::Refuse(Refused::OffTopic) };
    }
    let ops: Vec<Op> = message.clauses().iter().filter_map(|clause| edit(clause, project)).collect();
    if !ops.is_empty() {
        return Intent::Edit(ops);
    }
    if message.has(&[
        "poem",
        "essay",
        "email",
        "weather",
        "recipe",
        "translate this",
        "homework",
        "stock",
        "天气",
        "写一首",
        "写一篇",
        "菜谱",
    ]) {
        return Intent::Refuse(Refused::OffTopic);
    }
    // An empty project and a description: somebody says what the video should show.
    let describes = message.has(&FILM)
        || message.text.chars().count() >= 12 && message.text.split_whitespace().count() > 2;
    if !has_draft && (describes || message.is_chinese()) {
        generation(message, project)
    } else {
        Intent::Refuse(Refused::Unclear)
    }
}

fn wants_clip(message: &Message) -> bool {
    if message.has(&["slideshow", "slide show", "幻灯片"]) {
        return false;
    }
    let object = |from: usize| {
        let rest = message.lower.get(from..).unwrap_or_default();
        Message::new(&rest.split_whitespace().take(4).collect::<Vec<_>>().join(" "))
    };
    if let Some((_, end)) = message.find(&MAKE) {
        let near = object(end);
        let other = near.has(&TITLE) || near.has(&MUSIC) || near.has(&["voiceover", "transition"]);
        return !other || near.has(&FILM);
    }
    if message.has(&["再来一个", "redo"]) {
        return true;
    }
    message.find(&["make me", "make", "i want", "i need", "give me", "animate"]).is_some_and(|(_, end)| {
        let near = object(end);
        message.has(&FILM)
            && near.begins(&["a", "an", "another", "one", "this photo"])
            && !near.has(&TITLE)
            && !near.has(&MUSIC)
    })
}

fn about_video(message: &Message) -> bool {
    message.has(&FILM)
        || message.has(&TITLE)
        || message.has(&MUSIC)
        || message.has(&[
            "timeline",
            "track",
            "tracks",
            "long",
            "duration",
            "length",
            "clips",
            "aspect",
            "resolution",
            "project",
            "made",
            "here",
            "it",
            "时间线",
            "轨道",
            "多长",
            "时长",
            "分辨率",
            "项目",
            "现在",
        ])
}

fn changes_aspect(message: &Message) -> bool {
    aspect(message).is_some()
        && message.has(&[
            "change", "convert", "make", "turn", "crop", "switch", "set", "resize", "改", "换", "变", "转",
            "裁",
        ])
        && !message.has(&TITLE)
}

fn aspect(message: &Message) -> Option<(u32, u32)> {
    ASPECTS
        .iter()
        .filter_map(|(words, wide, high)| Some((message.find(words)?.0, (*wide, *high))))
        .min()
        .map(|(_, ratio)| ratio)
}

fn generation(message: &Message, project: &Project) -> Intent {
    let mut notes = Vec::new();
    let mut ms = message.times_ms().into_iter().max().unwrap_or(10_000).max(1000);
    if ms > LONGEST_MS {
        ms = LONGEST_MS;
        notes.push(Note::CappedLength);
    }
    let side = if message.has(&["360p"]) {
        360
    } else if message.has(&["480p"]) {
        480
    } else if message.has(&["540p"]) {
        540
    } else if message.has(&["720p", "hd 720"]) {
        720
    } else {
        if message.has(&["4k", "2160p", "1440p", "2k", "8k"]) {
            notes.push(Note::CappedSize);
        }
        1080
    };
    let (wide, high) = aspect(message).unwrap_or((16, 9));
    let (width, height) = size(side, wide, high);
    let picture = message
        .has(&["animate", "this photo", "this picture", "this image", "my photo", "让图片", "这张照片"])
        .then(|| uploaded(project, "image"))
        .flatten();
    let append = message.has(&[
        "another",
        "append",
        "next scene",
        "add a clip",
        "second clip",
        "再",
        "追加",
        "另一个",
    ]) && project.draft.is_some();
    let op = Op::Generate { prompt: subject(message), ms, width, height, append, picture };
    Intent::Generate { op, notes }
}

/// A canvas with this shorter side, at most 1920 on the longer one, both even.
fn size(side: u32, wide: u32, high: u32) -> (u32, u32) {
    let longer = |short: u32, a: u32, b: u32| (short * a / b).next_multiple_of(2);
    let (width, height) =
        if wide >= high { (longer(side, wide, high), side) } else { (side, longer(side, high, wide)) };
    if width.max(height) <= 1920 {
        (width, height)
    } else if width > height {
        (1920, (1920 * height / width).next_multiple_of(2))
    } else {
        ((1920 * width / height).next_multiple_of(2), 1920)
    }
}

/// What the clip shows: the request without its frame.
fn subject(message: &Message) -> String {
    let whole = message.whole();
    let lower = whole.to_ascii_lowercase();
    let mut subject = whole.as_str();
    if let Some(at) = lower.find(" of ").or_else(|| lower.find(" about ")).or_else(|| lower.find(" showing "))
    {
        let after = whole.get(at + 1..).unwrap_or_default();
        subject = after.split_once(' ').map_or(after, |(_, rest)| rest);
    } else {
        for word in ["please ", "generate ", "create ", "make ", "produce ", "me ", "a ", "an ", "video "] {
            if subject.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word)) {
                subject = subject.get(word.len()..).unwrap_or_default();
            }
        }
    }
    for article in ["a ", "an ", "the "] {
        if subject.get(..article.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(article)) {
            subject = subject.get(article.len()..).unwrap_or_default();
            break;
        }
    }
    let mut subject = subject.trim().trim_end_matches(['.', '!', '。', '！']).to_owned();
    if message.is_chinese() {
        for word in [
            "请",
            "帮我",
            "生成",
            "制作",
            "创建",
            "一个",
            "一段",
            "做",
            "的视频",
            "的短片",
            "视频",
            "短片",
            "竖屏",
            "横屏",
        ] {
            subject = subject.replace(word, "");
        }
        let without =
            subject.split_once("秒").map(|(_, rest)| rest.trim_start_matches(['钟', '的']).to_owned());
        subject = without.filter(|rest| !rest.is_empty()).unwrap_or(subject);
        subject = subject.trim_matches(['的', '，', '。', ' ']).to_owned();
    }
    if subject.is_empty() { whole } else { subject }
}

fn uploaded(project: &Project, kind: &str) -> Option<String> {
    let file = project.video_infos.iter().rev().find(|file| text_of(file, "file_type") == Some(kind))?;
    text_of(file, "cdn_url").map(str::to_owned)
}

/// One clause as one change.
fn edit(clause: &Message, project: &Project) -> Option<Op> {
    let removes = clause.has(&[
        "remove",
        "delete",
        "drop",
        "get rid of",
        "without",
        "删除",
        "删掉",
        "去掉",
        "移除",
        "不要",
    ]);
    if clause.has(&["undo", "revert", "go back", "撤销", "恢复上一步", "回退"]) {
        return Some(Op::Undo);
    }
    if let Some(op) = sound(clause, project, removes).or_else(|| text(clause, removes)) {
        return Some(op);
    }
    timing(clause, removes).or_else(|| arrangement(clause, project, removes)).or_else(|| look(clause))
}

fn text(clause: &Message, removes: bool) -> Option<Op> {
    let quote = clause.quotes.first().cloned();
    if !clause.has(&TITLE) && !(quote.is_some() && clause.has(&["add", "write", "say", "添加", "加上", "写"]))
    {
        return None;
    }
    if removes {
        return Some(Op::RemoveText { which: quote });
    }
    let spoken = || {
        clause
            .after(&["that says", "saying", "says", "called", "named", "reads", "写着", "为", "叫", "内容是"])
            .map(str::to_owned)
    };
    if clause.has(&["change", "replace", "rename", "update", "改", "替换", "换成"]) {
        let mut quotes = clause.quotes.iter().cloned();
        let (first, second) = (quotes.next(), quotes.next());
        let (old, new) = if second.is_some() { (first, second) } else { (None, first) };
        let to = || clause.after(&["to", "成", "改为"]).map(str::to_owned);
        return Some(Op::ReplaceText { old, new: new.or_else(to)? });
    }
    let subtitles = clause.has(&["caption", "captions", "subtitle", "subtitles", "字幕"]);
    let fallback = || subtitles.then(|| "(sandbox captions: nobody speaks here)".to_owned());
    let colon = || {
        clause
            .text
            .split_once([':', '：'])
            .map(|(_, rest)| rest.trim().to_owned())
            .filter(|rest| !rest.is_empty())
    };
    let words = quote.or_else(spoken).or_else(colon).or_else(fallback)?;
    let (from, to) = match (clause.range_ms(), clause.times_ms().as_slice()) {
        (Some((from, to)), _) => (from, Some(to)),
        (None, [at]) if clause.has(&["at", "from", "在", "从"]) => (*at, None),
        (None, [long, ..]) => (0, Some(*long)),
        (None, []) => (0, clause.has(&["whole", "entire", "throughout", "全程", "整个"]).then_some(u64::MAX)),
    };
    let position = if subtitles || clause.has(&["bottom", "lower", "底部", "下方"]) {
        "bottom"
    } else if clause.has(&["top", "upper", "顶部", "上方"]) {
        "top"
    } else {
        "center"
    };
    let role = if subtitles {
        "subtitle"
    } else if clause.has(&["title", "headline", "标题", "片名"]) {
        "title"
    } else {
        "text"
    };
    let color = ["white", "red", "yellow", "blue", "green", "black", "pink", "gold", "orange"]
        .into_iter()
        .find(|name| clause.has(&[name]));
    Some(Op::AddText { text: words, role, position, from, to, color: color.map(str::to_owned) })
}

const STYLES: [(&[&str], &str); 14] = [
    (&["lo-fi", "lofi", "lo fi"], "Lo-fi"),
    (&["jazz", "爵士"], "Jazz"),
    (&["rock", "摇滚"], "Rock"),
    (&["ambient", "calm", "relaxing", "soft", "gentle", "轻柔", "舒缓", "安静"], "Ambient"),
    (&["upbeat", "happy", "cheerful", "欢快", "轻快"], "Upbeat"),
    (&["cinematic", "epic", "dramatic", "史诗", "电影感"], "Cinematic"),
    (&["classical", "orchestral", "古典"], "Classical"),
    (&["piano", "钢琴"], "Piano"),
    (&["electronic", "edm", "techno", "电子"], "Electronic"),
    (&["hip hop", "hip-hop", "rap", "嘻哈"], "Hip-hop"),
    (&["acoustic", "guitar", "吉他"], "Acoustic"),
    (&["funk", "disco"], "Funk"),
    (&["sad", "melancholic", "忧伤"], "Melancholic"),
    (&["energetic", "动感"], "Energetic"),
];

pub(super) fn style_of(clause: &Message) -> Option<&'static str> {
    STYLES.iter().filter_map(|(words, name)| Some((clause.find(words)?.0, *name))).min().map(|(_, name)| name)
}

fn sound(clause: &Message, project: &Project, removes: bool) -> Option<Op> {
    let music = clause.has(&MUSIC);
    let original =
        clause.has(&["original sound", "original audio", "clip audio", "video sound", "原声", "voice"]);
    let volume = clause.has(&[
        "volume",
        "louder",
        "quieter",
        "softer",
        "lower the",
        "turn down",
        "turn up",
        "音量",
        "大声",
        "小声",
        "调低",
        "调高",
    ]);
    if !music && !original && !volume && !clause.has(&["mute", "unmute", "sound", "静音"]) {
        return None;
    }
    let track = if original || (!music && clause.has(&["video", "clip", "footage"])) { VIDEO } else { AUDIO };
    if clause.has(&["unmute", "取消静音"]) {
        return Some(Op::Mute { track, on: false });
    }
    if clause.has(&["mute", "silence", "静音"]) {
        return Some(Op::Mute { track, on: true });
    }
    if clause.has(&["fade", "淡入", "淡出"]) {
        return Some(fade(clause, AUDIO));
    }
    if removes && music {
        return Some(Op::RemoveTrack { track: AUDIO });
    }
    let adds = clause
        .has(&["add", "use", "put", "with", "need", "insert", "添加", "加", "配", "换", "replace", "change"])
        && style_of(clause).is_some()
        || clause.has(&["add", "put", "insert", "添加", "加上", "加一", "配上"]) && music;
    if volume && !clause.has(&["add", "添加", "加上"]) || !adds && clause.percent().is_some() {
        let down = clause.has(&["lower", "quieter", "softer", "down", "reduce", "小", "低"]);
        return Some(Op::Volume { track, to: clause.percent(), by: if down { -0.2 } else { 0.2 } });
    }
    if adds || music && clause.has(&["make", "generate", "create", "play", "生成"]) {
        let own = clause.has(&["my", "uploaded", "上传"]).then(|| uploaded(project, "audio")).flatten();
        let style = style_of(clause)
            .map_or_else(|| if own.is_some() { "Uploaded" } else { "Lo-fi" }.to_owned(), str::to_owned);
        return Some(Op::AddMusic { style, volume: clause.percent().unwrap_or(0.35), url: own });
    }
    None
}

fn fade(clause: &Message, track: u8) -> Op {
    let into = clause.has(&["fade in", "fade-in", "fades in", "淡入"]);
    let out = clause.has(&["fade out", "fade-out", "fades out", "淡出"]);
    let both = into == out;
    Op::Fade {
        fade_in: into || both,
        fade_out: out || both,
        ms: clause.times_ms().first().copied().unwrap_or(1000),
        track,
    }
}

fn timing(clause: &Message, removes: bool) -> Option<Op> {
    if clause.has(&["fade", "淡入", "淡出", "crossfade"]) {
        return Some(fade(clause, if clause.has(&TITLE) { TEXT } else { VIDEO }));
    }
    if clause.has(&["slow motion", "slow-mo", "slow down", "slower", "慢动作", "慢放", "减速"]) {
        let factor = clause.factor().unwrap_or(0.5);
        return Some(Op::Speed { factor: if factor > 1.0 { 1.0 / factor } else { factor.max(0.1) } });
    }
    if clause.has(&["speed", "faster", "speed up", "timelapse", "加速", "快放", "倍速"]) {
        let factor = clause.factor().or_else(|| clause.percent().map(|more| 1.0 + more));
        return Some(Op::Speed { factor: factor.unwrap_or(1.5).clamp(0.1, 16.0) });
    }
    if clause.has(&["split", "分割", "切开"]) {
        return Some(Op::Split { at: clause.times_ms().first().copied() });
    }
    let cuts = removes || clause.has(&["cut", "trim", "shorten", "keep", "剪", "裁", "保留", "shorter"]);
    if !cuts {
        return None;
    }
    let keeps = clause.has(&[
        "keep",
        "only",
        "trim to",
        "cut to",
        "shorten to",
        "down to",
        "保留",
        "剪到",
        "剪成",
        "缩短到",
    ]);
    if let Some((from, to)) = clause.range_ms() {
        return Some(if keeps { Op::KeepRange { from, to } } else { Op::CutRange { from, to } });
    }
    let ms = *clause.times_ms().first()?;
    let last = clause.has(&["last", "end", "ending", "最后", "结尾", "末尾"]);
    let first = clause.has(&["first", "beginning", "start", "开头", "前"]);
    Some(match (keeps, first, last) {
        (false, true, _) => Op::CutRange { from: 0, to: ms },
        (false, false, true) => Op::CutEnd { ms },
        _ => Op::KeepRange { from: 0, to: ms },
    })
}

fn arrangement(clause: &Message, project: &Project, removes: bool) -> Option<Op> {
    if clause.has(&["slideshow", "slide show", "幻灯片"]) {
        return Some(Op::PlaceUploads { each_ms: clause.times_ms().first().copied().or(Some(3000)) });
    }
    if removes && clause.has(&["track", "轨道"]) {
        return Some(Op::RemoveTrackNumber { number: *clause.ordinals().first()? });
    }
    let clips = clause.has(&[
        "clip", "clips", "scene", "scenes", "video", "videos", "片段", "视频", "镜头", "order", "顺序",
    ]);
    if removes && clips {
        return Some(Op::RemoveClip { number: *clause.ordinals().first()? });
    }
    if clause.has(&["reverse", "反转", "倒序"]) && clips {
        return Some(Op::Reverse);
    }
    if clause.has(&["swap", "reorder", "move", "before", "交换", "调换", "顺序", "移到"]) && clips {
        let order = clause.ordinals();
        return Some(Op::Reorder { order: if order.len() < 2 { vec![0, 1] } else { order } });
    }
    if clause.has(&["replace", "替换", "换掉"]) && clips {
        let number = clause.ordinals().first().copied().unwrap_or(0);
        return Some(Op::ReplaceClip { number, file: clause.quotes.first().cloned() });
    }
    let uploads = !project.video_infos.is_empty();
    let places = clause.has(&[
        "merge",
        "join",
        "combine",
        "concatenate",
        "stitch",
        "add",
        "put",
        "use",
        "place",
        "合并",
        "拼接",
        "添加",
        "放",
    ]);
    let meant = clips
        || clause.has(&[
            "photo", "photos", "picture", "pictures", "image", "images", "file", "files", "upload",
            "uploaded", "照片", "图片", "素材",
        ]);
    (uploads && places && meant).then(|| Op::PlaceUploads { each_ms: clause.times_ms().first().copied() })
}

fn look(clause: &Message) -> Option<Op> {
    let looks: [(&[&str], &str); 9] = [
        (&["black and white", "b&w", "monochrome", "grayscale", "黑白"], "black and white"),
        (&["warm", "warmer", "golden", "暖"], "warm"),
        (&["cold", "cool", "cooler", "blue tint", "冷"], "cool"),
        (&["vintage", "retro", "old film", "sepia", "复古"], "vintage"),
        (&["brighter", "bright", "lighten", "亮"], "bright"),
        (&["darker", "dark", "moody", "暗"], "dark"),
        (&["vivid", "saturated", "colorful", "鲜艳"], "vivid"),
        (&["blur", "blurry", "模糊"], "blurred"),
        (&["cinematic", "teal and orange", "filmic", "电影感"], "cinematic"),
    ];
    let found = looks.iter().find(|(words, _)| clause.has(words)).map(|(_, look)| (*look).to_owned());
    let noted = || {
        clause
            .has(&["filter", "color", "colour", "grade", "effect", "滤镜", "调色", "特效"])
            .then(|| clause.whole())
    };
    found.or_else(noted).map(|look| Op::Look { look })
}
