//! One clause as one change of the timeline.

use super::super::super::draft::{TEXT, VIDEO};
use super::super::super::rows::Project;
use super::super::op::Op;
use super::super::words::Message;
use super::sound::{fade, sound};
use super::vocabulary::TITLE;

/// One clause as one change.
pub(super) fn edit(clause: &Message, project: &Project) -> Option<Op> {
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

const COLOURS: [(&[&str], &str); 9] = [
    (&["white", "白色"], "#ffffff"),
    (&["red", "红色"], "#e53935"),
    (&["yellow", "黄色"], "#ffd600"),
    (&["blue", "蓝色"], "#2979ff"),
    (&["green", "绿色"], "#43a047"),
    (&["black", "黑色"], "#101010"),
    (&["pink", "粉色"], "#ff4081"),
    (&["gold", "golden", "金色"], "#ffc107"),
    (&["orange", "橙色"], "#fb8c00"),
];

fn text(clause: &Message, removes: bool) -> Option<Op> {
    let quote = clause.quotes.first().cloned();
    let writes = quote.is_some() && clause.has(&["add", "write", "say", "添加", "加上", "写"]);
    if !(writes || clause.has(&TITLE)) {
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
    let adds = clause.has(&["add", "put", "burn", "generate", "create", "need", "加", "添加", "配", "生成"]);
    let fallback = || (subtitles && adds).then(|| "(sandbox captions: nobody speaks here)".to_owned());
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
    let color = COLOURS.iter().find(|(names, _)| clause.has(names)).map(|(_, hex)| (*hex).to_owned());
    Some(Op::AddText { text: words, role, position, from, to, color })
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
    let last = clause.has(&["last", "end", "ending", "outro", "off", "by", "最后", "结尾", "末尾", "片尾"]);
    let first = clause.has(&["first", "beginning", "start", "intro", "opening", "开头", "前", "片头"]);
    Some(match (keeps, first, last) {
        (false, true, _) => Op::CutRange { from: 0, to: ms },
        (false, false, true) => Op::CutEnd { ms },
        _ => Op::KeepRange { from: 0, to: ms },
    })
}

fn place_all(each_ms: Option<u64>) -> Op {
    Op::PlaceUploads { each_ms, only: Vec::new(), fresh: false }
}

fn arrangement(clause: &Message, project: &Project, removes: bool) -> Option<Op> {
    if clause.has(&["slideshow", "slide show", "幻灯片"]) {
        return Some(place_all(clause.times_ms().first().copied().or(Some(3000))));
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
        "放到",
        "放在",
        "放进",
    ]);
    let meant = clips
        || clause.has(&[
            "photo", "photos", "picture", "pictures", "image", "images", "file", "files", "upload",
            "uploaded", "照片", "图片", "素材",
        ]);
    (uploads && places && meant).then(|| place_all(clause.times_ms().first().copied()))
}

fn look(clause: &Message) -> Option<Op> {
    let looks: [(&[&str], &str); 9] = [
        (&["black and white", "b&w", "monochrome", "grayscale", "黑白"], "black and white"),
        (&["warm", "warmer", "golden", "暖"], "warm"),
        (&["cold", "cool", "cooler", "blue tint", "冷"], "cool"),
        (&["vintage", "retro", "old film", "sepia", "复古"], "vintage"),
        (&["brighter", "bright", "brighten", "lighten", "亮"], "bright"),
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
