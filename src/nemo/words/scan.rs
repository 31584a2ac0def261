//! The scanner: text to tokens, in one bounded pass.

use super::fold;
use super::lexicon::{self, Tag, Tags};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word or a phrase of the tables, or an unknown word (or one unknown Chinese character).
    Word,
    /// Digits with their units or separators ("1080p", "0:03", "50%").
    Number,
    /// One punctuation mark or symbol.
    Mark(char),
    /// A quoted span with its quotation marks; what it says is not read.
    Quote,
    /// A path, or a link that ends in a media file.
    Media,
    /// A bare file name of a media type, without a folder.
    File,
    /// Any other link.
    Link,
    /// A line end.
    Line,
}

/// One token; `start..end` are byte offsets into the scanned text.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    pub(crate) tags: Tags,
    /// Folded text (empty for quotes, paths and links).
    pub(crate) norm: String,
    /// White space stands before it.
    pub(crate) spaced: bool,
    /// A hyphen binds it to the word before ("download-style").
    pub(crate) glued: bool,
    /// Starts with a capital letter in the text.
    pub(crate) capital: bool,
}

impl Token {
    pub(crate) fn is(&self, tag: Tag) -> bool {
        self.tags.has(tag)
    }
    pub(crate) fn any(&self, tags: &[Tag]) -> bool {
        tags.iter().any(|&t| self.tags.has(t))
    }
    pub(crate) fn mark(&self) -> Option<char> {
        match self.kind {
            Kind::Mark(c) => Some(c),
            _ => None,
        }
    }
    pub(crate) fn cjk(&self) -> bool {
        self.kind == Kind::Word && self.norm.chars().next().is_some_and(is_cjk)
    }
}

const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('“', '”'),
    ('„', '“'),
    ('«', '»'),
    ('「', '」'),
    ('『', '』'),
    ('《', '》'),
    ('【', '】'),
    ('‘', '’'),
    ('\'', '\''),
    ('`', '`'),
    ('＂', '＂'),
];
/// The longest quoted span, in characters; an opening mark whose partner is farther away is just a mark.
const QUOTE_SPAN: usize = 240;
/// How far a path with blanks in it is followed, in bytes.
const PATH_SPAN: usize = 200;
const MEDIA: &[&str] = &[
    "mp4", "mov", "avi", "webm", "mkv", "jpg", "jpeg", "png", "gif", "webp", "mp3", "wav", "m4a", "aac",
    "heic", "m4v", "flac", "ogg", "srt", "tiff", "bmp", "mts", "mpg", "mpeg", "wmv",
];
const SHARES: &[&str] = &[
    "drive.google.com",
    "dropbox.com",
    "wetransfer.com",
    "we.tl",
    "icloud.com",
    "1drv.ms",
    "onedrive.live.com",
    "pan.baidu.com",
];

pub(crate) fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '々')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_cjk(c)
}

/// Cuts `text` into tokens.
pub(crate) fn scan(text: &str) -> Vec<Token> {
    let mut s =
        Scanner { text, at: 0, spaced: true, glued: false, out: Vec::with_capacity(text.len() / 4 + 4) };
    while let Some(c) = s.peek() {
        s.step(c);
    }
    lexicon::phrases(&mut s.out);
    s.out
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    spaced: bool,
    glued: bool,
    out: Vec<Token>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn before(&self) -> Option<char> {
        self.text.get(..self.at).and_then(|t| t.chars().next_back())
    }

    fn push(&mut self, end: usize, kind: Kind, tags: Tags, norm: String) {
        let capital = self.peek().is_some_and(char::is_uppercase);
        self.out.push(Token {
            start: self.at,
            end,
            kind,
            tags,
            norm,
            spaced: self.spaced,
            glued: self.glued,
            capital,
        });
        self.at = end;
        self.spaced = false;
        self.glued = false;
    }

    fn step(&mut self, c: char) {
        if c == '\n' || c == '\r' {
            self.push(self.at + 1, Kind::Line, Tags::NONE, String::new());
            self.spaced = true;
        } else if c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}' {
            self.at += c.len_utf8();
            self.spaced = true;
        } else if let Some((end, kind)) = self.location(c) {
            self.push(end, kind, Tags::NONE, String::new());
        } else if let Some(end) = self.quote(c) {
            self.push(end, Kind::Quote, Tags::NONE, String::new());
        } else if c.is_ascii_digit() {
            self.number();
        } else if is_cjk(c) {
            self.cjk();
        } else if is_word(c) {
            self.word();
        } else {
            self.symbol(c);
        }
    }

    fn symbol(&mut self, c: char) {
        let end = self.at + c.len_utf8();
        let follows = self.text.get(end..).and_then(|t| t.chars().next());
        if matches!(c, '-' | '‐' | '‑')
            && !self.spaced
            && follows.is_some_and(is_word)
            && self.before().is_some_and(is_word)
        {
            self.at = end;
            self.glued = true;
            return;
        }
        let mut norm = String::new();
        fold::push(&mut norm, c);
        let tags = lexicon::tags(&norm);
        self.push(end, Kind::Mark(norm.chars().next().unwrap_or(c)), tags, norm);
    }

    fn number(&mut self) {
        let mut end = self.at;
        let rest = self.rest();
        let mut chars = rest.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|&(_, n)| n);
            let inside = matches!(c, ':' | '.' | ',' | '/' | '-') && next.is_some_and(|n| n.is_ascii_digit());
            if !(is_word(c) || inside || c == '%' || c == '_') || i > 64 {
                break;
            }
            end = self.at + i + c.len_utf8();
        }
        let norm = fold::folded(self.text.get(self.at..end).unwrap_or_default());
        let tags = lexicon::tags(&norm);
        self.push(end, Kind::Number, tags, norm);
    }

    fn word(&mut self) {
        let rest = self.rest();
        let mut len = 0;
        let mut norm = String::new();
        let mut chars = rest.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|&(_, n)| n);
            let apostrophe = matches!(c, '\'' | '’' | 'ʼ') && i > 0 && next.is_some_and(is_word);
            if !(is_word(c) || apostrophe || c == '_') {
                break;
            }
            fold::push(&mut norm, c);
            len = i + c.len_utf8();
        }
        // B站, U盘: letters and a character that are one word.
        if let Some(c) =
            self.text.get(self.at + len..).and_then(|t| t.chars().next()).filter(|&c| len <= 4 && is_cjk(c))
        {
            let mut joined = norm.clone();
            fold::push(&mut joined, c);
            let tags = lexicon::tags(&joined);
            if tags.known() {
                self.push(self.at + len + c.len_utf8(), Kind::Word, tags, joined);
                return;
            }
        }
        let meant = lexicon::spelled(&norm);
        let (tags, norm) = (lexicon::tags(meant), meant.to_owned());
        self.push(self.at + len.max(1), Kind::Word, tags, norm);
    }

    /// The longest table entry that starts here, else a katakana run, else one character.
    fn cjk(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut plain = String::new();
        let mut best = None;
        for (n, (i, c)) in rest.char_indices().enumerate() {
            if n >= lexicon::LONGEST_CJK || c.is_whitespace() {
                break;
            }
            fold::push(&mut plain, c);
            let end = i + c.len_utf8();
            let own = lexicon::tags(rest.get(..end).unwrap_or_default());
            let tags = if own.known() { own } else { lexicon::tags(&plain) };
            if tags.known() {
                best = Some((self.at + end, tags, plain.clone()));
            }
        }
        let (end, tags, norm) = best.unwrap_or_else(|| {
            let katakana = |c: char| matches!(c, '\u{30a0}'..='\u{30ff}');
            let run: usize = rest.chars().take_while(|&c| katakana(c)).take(30).map(char::len_utf8).sum();
            let len = run.max(rest.chars().next().map_or(1, char::len_utf8));
            (self.at + len, Tags::NONE, fold::folded(rest.get(..len).unwrap_or_default()))
        });
        self.push(end, Kind::Word, tags, norm);
    }

    fn quote(&self, c: char) -> Option<usize> {
        let close = QUOTES.iter().find(|q| q.0 == c)?.1;
        let straight = c == close;
        if straight
            && c == '\''
            && (!self.spaced
                && self.before().is_some_and(|b| !matches!(b, '(' | '[' | ',' | ':') && !is_cjk(b)))
        {
            return None;
        }
        let body = self.text.get(self.at + c.len_utf8()..)?;
        let mut chars = body.char_indices().take(QUOTE_SPAN).peekable();
        while let Some((i, q)) = chars.next() {
            if q == '\n' {
                return None;
            }
            // A single quote closes only where a word ends, else it is an apostrophe.
            let apostrophe = matches!(close, '\'' | '’') && chars.peek().is_some_and(|&(_, n)| is_word(n));
            if q == close && !apostrophe {
                return (i > 0).then_some(self.at + c.len_utf8() + i + q.len_utf8());
            }
        }
        None
    }

    /// A path, link or media file name that starts here.
    fn location(&self, c: char) -> Option<(usize, Kind)> {
        let rest = self.rest();
        let starts = |p: &str| rest.get(..p.len()).is_some_and(|h| h.eq_ignore_ascii_case(p));
        if self.before().is_some_and(|b| is_word(b) || matches!(b, '/' | '.' | '_')) {
            return None;
        }
        if starts("http://") || starts("https://") || starts("www.") || starts("ftp://") || starts("s3://") {
            let len = run(rest, 2048, |c| {
                !c.is_whitespace()
                    && !is_cjk(c)
                    && !matches!(
                        c,
                        '<' | '>' | '"' | '，' | '。' | '；' | '！' | '？' | '“' | '”' | '）' | '」' | '、'
                    )
            });
            let link = rest.get(..len)?.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*']);
            let body = link.split(['?', '#']).next().unwrap_or(link);
            let shared = SHARES.iter().any(|s| link.contains(s));
            let kind = if shared || extension(body) { Kind::Media } else { Kind::Link };
            return Some((self.at + link.len(), kind));
        }
        let drive = c.is_ascii_alphabetic()
            && rest.as_bytes().get(1) == Some(&b':')
            && matches!(rest.as_bytes().get(2), Some(b'\\' | b'/'));
        let rooted = starts("/")
            || starts("~/")
            || starts("./")
            || starts("../")
            || starts("\\\\")
            || starts("~\\")
            || starts("file://");
        if drive || rooted {
            return self.path(rest).map(|len| (self.at + len, Kind::Media));
        }
        if is_cjk(c) && !self.before().is_some_and(char::is_alphanumeric) {
            let name =
                rest.get(..run(rest, 60, |c| is_word(c) || is_cjk(c) || matches!(c, '_' | '-' | '.')))?;
            return name_end(name).map(|end| (self.at + end, Kind::File));
        }
        if is_word(c) {
            let len = run(rest, 100, |c| is_word(c) || matches!(c, '_' | '-' | '.' | '(' | ')'));
            let end = name_end(rest.get(..len)?)?;
            return Some((self.at + end, Kind::File));
        }
        None
    }

    /// Length of the path at the start of `rest`: up to its media ending (blanks allowed), else its first blank.
    fn path(&self, rest: &str) -> Option<usize> {
        let stop = |c: char| {
            c.is_whitespace()
                || matches!(c, '，' | '。' | '；' | '！' | '？' | '"' | '”' | '」' | '、' | '<' | '>')
        };
        let plain = rest
            .get(..run(rest, 512, |c| !stop(c)))?
            .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '`', '*']);
        if let Some(len) = name_end(plain) {
            return Some(len);
        }
        let line = capped(rest, PATH_SPAN).split(['\n', '"', '”', '」', '<', '>']).next()?;
        if let Some(len) = name_end(line)
            .filter(|&len| !line.get(1..len).is_some_and(|l| l.contains(" /") || l.contains("://")))
        {
            return Some(len);
        }
        let folders = plain.chars().filter(|c| matches!(c, '/' | '\\')).count();
        (folders >= 2 && plain.len() > 4).then_some(plain.len())
    }
}

/// Bytes at the start of `text` that `keep` accepts, `most` characters at the longest.
fn run(text: &str, most: usize, keep: impl Fn(char) -> bool) -> usize {
    text.chars().take(most).take_while(|&c| keep(c)).map(char::len_utf8).sum()
}

fn capped(text: &str, most: usize) -> &str {
    let cap = (0..=most.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    text.get(..cap).unwrap_or_default()
}

fn extension(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(stem, e)| !stem.is_empty() && MEDIA.iter().any(|m| e.eq_ignore_ascii_case(m)))
}

/// Where the first media file name in `text` ends.
fn name_end(text: &str) -> Option<usize> {
    text.match_indices('.').find_map(|(dot, _)| {
        let tail = text.get(dot + 1..)?;
        let len = tail.bytes().take(5).take_while(u8::is_ascii_alphanumeric).count();
        let ending = tail.get(..len)?;
        let ends = !tail.get(len..)?.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        (dot > 0 && ends && MEDIA.iter().any(|m| ending.eq_ignore_ascii_case(m))).then_some(dot + 1 + len)
    })
}
