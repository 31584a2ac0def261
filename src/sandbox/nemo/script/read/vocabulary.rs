//! The words that the agent listens for, in English and Chinese.

use super::super::words::Message;

pub(super) const ASPECTS: [(&[&str], u32, u32); 8] = [
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

pub(super) const MAKE: [&str; 9] =
    ["generate", "regenerate", "create", "produce", "生成", "制作", "创建", "做一个", "做一段"];

pub(super) const FILM: [&str; 22] = [
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

pub(super) const TITLE: [&str; 16] = [
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

pub(super) const MUSIC: [&str; 13] = [
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

pub(super) fn aspect(message: &Message) -> Option<(u32, u32)> {
    ASPECTS
        .iter()
        .filter_map(|(words, wide, high)| Some((message.find(words)?.0, (*wide, *high))))
        .min()
        .map(|(_, ratio)| ratio)
}

pub(in crate::sandbox::nemo::script) fn style_of(clause: &Message) -> Option<&'static str> {
    STYLES.iter().filter_map(|(words, name)| Some((clause.find(words)?.0, *name))).min().map(|(_, name)| name)
}
