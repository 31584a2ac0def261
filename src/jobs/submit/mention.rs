//! Files and addresses that are named inside free text: "upload ~/clip.mp4 and make it faster".

use crate::jobs::paths::UPLOAD_EXTENSIONS;

/// Longest text between quotation marks that may be a path.
const MAX_PATH_CHARS: usize = 400;

/// The media that the words name, in order, each once. A name counts only with a media ending, and outside
/// quotation marks only if it looks like a path or an address.
pub(super) fn media(words: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut note = |name: &str| {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    };
    for piece in pieces(words) {
        match piece {
            Piece::Quoted(text) if is_path(text) && has_media_ending(text) => note(text),
            Piece::Quoted(_) => {}
            Piece::Word(word) => {
                let word =
                    word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '。', '，', '！', '？', '、']);
                let word = word.trim_start_matches('(');
                if is_path(word) && has_media_ending(word) {
                    note(word);
                }
            }
        }
    }
    found
}

enum Piece<'a> {
    Quoted(&'a str),
    Word(&'a str),
}

/// Quoted stretches whole, everything else word by word.
fn pieces(words: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = words;
    while let Some((at, open)) = rest.char_indices().find(|(_, c)| matches!(c, '"' | '“' | '「' | '`')) {
        let close = match open {
            '“' => '”',
            '「' => '」',
            same => same,
        };
        let (before, behind) =
            (rest.get(..at).unwrap_or_default(), rest.get(at + open.len_utf8()..).unwrap_or_default());
        pieces.extend(before.split_whitespace().map(Piece::Word));
        match behind.find(close) {
            Some(end) if end <= MAX_PATH_CHARS * 4 => {
                pieces.push(Piece::Quoted(behind.get(..end).unwrap_or_default()));
                rest = behind.get(end + close.len_utf8()..).unwrap_or_default();
            }
            _ => rest = behind,
        }
    }
    pieces.extend(rest.split_whitespace().map(Piece::Word));
    pieces
}

fn is_path(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let drive = word.as_bytes().get(1) == Some(&b':') && matches!(word.as_bytes().get(2), Some(b'\\' | b'/'));
    drive
        || ["/", "~/", "./", "../", "\\\\", "file://", "https://", "http://"]
            .iter()
            .any(|begin| lower.starts_with(begin))
        || word.contains(['/', '\\'])
        || has_media_ending(word) && !word.contains(char::is_whitespace)
}

fn has_media_ending(word: &str) -> bool {
    let path = word.split(['?', '#']).next().unwrap_or(word);
    path.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && UPLOAD_EXTENSIONS.iter().any(|known| ending.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::media;

    #[test]
    fn named_media_are_found() {
        for (words, named) in [
            ("upload ~/Movies/clip.mp4 and make it faster", vec!["~/Movies/clip.mp4"]),
            ("use \"/tmp/my clip.MOV\", then a.png.", vec!["/tmp/my clip.MOV", "a.png"]),
            ("上传 ./猫.jpg，然后加标题", vec![]),
            ("上传 ./猫.jpg ，然后加标题", vec!["./猫.jpg"]),
            ("take https://cdn.example/a/b.webm?x=1!", vec!["https://cdn.example/a/b.webm?x=1"]),
            (r"put C:\Users\me\a.wav in", vec![r"C:\Users\me\a.wav"]),
            ("export an mp4 of the 16:9/9:16 cut", vec![]),
            ("a title that says \"Click.me\" and see https://example.com/page", vec![]),
            ("a.mp4 a.mp4", vec!["a.mp4"]),
            ("\"unclosed /x/y.mp4", vec!["/x/y.mp4"]),
        ] {
            assert_eq!(media(words), named, "{words}");
        }
    }
}
