//! A readable file name from a prompt: `sunset-over-the-ocean_20261120-1432.mp4`.

use jiff::Zoned;

/// Longer names say no more.
const MAX_WORDS: usize = 8;
/// In bytes, so that any script stays far below what file systems take.
const MAX_BYTES: usize = 90;

/// Words that ask for a video without saying what it shows. They are dropped at the beginning.
const FILLERS: [&str; 4] = [
    // English
    "please can could would you i we want need like to me us my for generate make create render produce \
     build give show showing do have get a an the some new short quick little nice video videos clip \
     movie film footage animation of about with in on long second seconds sec secs s minute minutes min \
     hd 4k which that where",
    // Spanish, Portuguese, Italian, French
    "por favor genera generar crea crear cria criar haz hacer faça gere fammi genere générer génère crée \
     créer fais faire moi un una uno um uma une el la le il lo o de del di du des d l da do vídeo vidéo \
     clipe segundo segundos secondes seconde secondi sobre sur",
    // German
    "bitte erstelle erstellen erzeuge mach mache generiere ein eine einen einem einer das die der von vom \
     mit mir über sekunde sekunden sekündiges langes",
    // Russian
    "пожалуйста создай сделай сгенерируй мне видео ролик о про на секунд секунды",
];

/// The same in scripts that are written without blanks, at the beginning and at the end of a run.
const FILLER_PREFIXES: [&str; 1] = [
    "请 帮我 给我 生成 制作 创建 做 拍 一个 一段 一条 一部 个 段 的 关于 視頻 视频 短片 秒鐘 秒钟 秒間 秒 分钟 分間 \
     長 长 の 動画 초 짜리",
];
const FILLER_SUFFIXES: [&str; 1] =
    ["的视频 视频 的視頻 視頻 的短片 短片 の動画を作ってください の動画を作って の動画を生成して の動画"];

/// Units of a length or a speed; a number before them is a wish and no subject.
const UNITS: &str = "s sec secs second seconds min mins minute minutes fps segundo segundos seconde secondes secondi \
                     secondo sekunde sekunden секунд секунды секунда";
/// Shapes of a picture, as they look without their colon.
const SHAPES: [(&str, &str); 7] =
    [("16", "9"), ("9", "16"), ("1", "1"), ("4", "5"), ("4", "3"), ("3", "4"), ("21", "9")];
/// What leads to a wish, and goes with it.
const BEFORE_MEASURES: &str = "for in at of about around lasting length duration is de di von в на";
/// What follows it.
const AFTER_MEASURES: &str = "long length duration de di d of";

/// The name, with the local time to the minute; `video_…` when the prompt has no word that can be used.
pub(super) fn from_prompt(prompt: &str, now: &Zoned) -> String {
    format!("{}_{}.mp4", subject(prompt), now.strftime("%Y%m%d-%H%M"))
}

/// The first words that say something, joined by hyphens.
fn subject(prompt: &str) -> String {
    let words: Vec<_> =
        prompt.split(is_separator).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let words = without_measures(&words);
    let mut subject = String::new();
    let meaningful =
        words.into_iter().skip_while(|word| is_filler(word)).map(|word| trimmed(word).to_owned());
    for word in meaningful.filter(|word| !word.is_empty()).take(MAX_WORDS) {
        if !subject.is_empty() && subject.len() + 1 + word.len() > MAX_BYTES {
            break;
        }
        if !subject.is_empty() {
            subject.push('-');
        }
        subject.push_str(&word);
    }
    // One run without blanks may be longer than a name.
    let mut end = subject.len().min(MAX_BYTES);
    while !subject.is_char_boundary(end) {
        end -= 1;
    }
    subject.truncate(end);
    // "the ocean and" ends in nothing.
    while let Some((rest, last)) = subject.rsplit_once('-')
        && fillers(&FILLERS).any(|filler| filler == last)
    {
        subject.truncate(rest.len());
    }
    if subject.is_empty() || is_reserved(&subject) { "video".to_owned() } else { subject }
}

/// Without wishes about length, shape and size, wherever they stand: "10 seconds long", "in 9:16", "at 1080p". Other
/// numbers stay: "3 cats".
fn without_measures(words: &[String]) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let next = words.get(at + 1).map_or("", String::as_str);
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        let length = match () {
            () if is_number && is_in(UNITS, next) => 2,
            () if SHAPES.contains(&(word.as_str(), next)) => 2,
            () if is_measure(word) => 1,
            () => 0,
        };
        if length == 0 {
            kept.push(word);
            at += 1;
            continue;
        }
        while kept.last().is_some_and(|last| is_in(BEFORE_MEASURES, last)) {
            kept.pop();
        }
        at += length;
        while words.get(at).is_some_and(|word| is_in(AFTER_MEASURES, word)) {
            at += 1;
        }
    }
    kept
}

fn is_in(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_whitespace().any(|one| one == word)
}

/// "10s", "1080p", "4k", "30fps": a number and its unit in one word.
fn is_measure(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < word.len() && (matches!(unit, "p" | "k") || is_in(UNITS, unit))
}

fn is_filler(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
        || is_measure(word)
        || fillers(&FILLERS).any(|filler| filler == word)
        || trimmed(word).is_empty()
}

fn fillers(lists: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    lists.iter().flat_map(|list| list.split_whitespace())
}

/// Without fillers that are written together with the word.
fn trimmed(word: &str) -> &str {
    let mut rest = word;
    if rest.is_ascii() {
        return rest;
    }
    while let Some(shorter) =
        fillers(&FILLER_PREFIXES).find_map(|filler| rest.strip_prefix(filler)).or_else(|| {
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            (after.len() < rest.len() && fillers(&FILLER_PREFIXES).any(|filler| after.starts_with(filler)))
                .then_some(after)
        })
    {
        rest = shorter;
    }
    fillers(&FILLER_SUFFIXES).find_map(|filler| rest.strip_suffix(filler)).unwrap_or(rest)
}

/// Whether words end here. Marks of other scripts that belong to a letter stay with it.
fn is_separator(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => !c.is_ascii_alphanumeric(),
        '\u{80}'..='\u{bf}' => !matches!(c, 'ª' | 'º' | 'µ'),
        '×' | '÷' | '؟' | '،' | '؛' | '۔' | '।' | '॥' => true,
        // Punctuation, symbols, arrows, dingbats; CJK punctuation and its wide forms; private use; emoji.
        '\u{2000}'..='\u{206f}'
        | '\u{20a0}'..='\u{2bff}'
        | '\u{2e00}'..='\u{2e7f}'
        | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{303f}'
        | '\u{30fb}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}'
        | '\u{ff3b}'..='\u{ff40}'
        | '\u{ff5b}'..='\u{ff65}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{1f000}'..='\u{1faff}'
        | '\u{e0000}'..='\u{10ffff}' => true,
        _ => c.is_whitespace() || c.is_control(),
    }
}

/// Names that mean a device on Windows, with any extension.
pub(super) fn is_reserved(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    let numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}
