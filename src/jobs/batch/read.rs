//! A batch file: JSON lines, a CSV table or one prompt a line. Every line is looked at, and each that cannot be used is named.

use serde_json::{Map, Value};

use super::fields;
use crate::error::{Error, Kind, Result};
use crate::model::batch::Wish;
use crate::redact;

/// More than any batch needs; a larger file is another file by mistake.
pub const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// The most lines of one file.
const MAX_LINES: usize = 10_000;
/// A line longer than this is no wish.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    JsonLines,
    /// A table with a heading.
    Csv,
    /// One prompt a line.
    Prompts,
}

/// A line as it was read.
#[derive(Debug)]
pub struct Read {
    /// Counted from 1, as editors do.
    pub line: u32,
    /// The wish, or what is wrong with it.
    pub wish: Result<Wish>,
}

impl Form {
    /// The form by the file's name, else by its first character.
    ///
    /// # Errors
    /// `InvalidInput` when neither tells.
    pub fn of(name: &str, text: &str) -> Result<Self> {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("jsonl" | "ndjson") => return Ok(Self::JsonLines),
            Some("csv" | "tsv") => return Ok(Self::Csv),
            Some("txt") => return Ok(Self::Prompts),
            _ => {}
        }
        let first = text.lines().map(str::trim).find(|line| !is_remark(line)).unwrap_or_default();
        if first.starts_with('{') {
            return Ok(Self::JsonLines);
        }
        let is_heading = first.split([',', ';', '\t']).any(|cell| cell.trim().trim_matches('"') == "prompt");
        if is_heading {
            return Ok(Self::Csv);
        }
        Err(Error::invalid("It cannot be told how this batch is written. Nothing was sent.").next(
            "Write one JSON object a line, as in {\"prompt\": \"waves at night\"}; or a CSV table with a column prompt; or name a file .txt with one prompt a line.",
        ))
    }
}

/// Reads every line. Only what concerns the file as a whole is an error here.
///
/// # Errors
/// `InvalidInput` for a file without lines, with too many, or a table without a column `prompt`.
pub fn read(form: Form, text: &str) -> Result<Vec<Read>> {
    // Editors of one maker begin a file with this mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = match form {
        Form::Csv => table(text)?,
        Form::JsonLines => numbered(text).map(|(line, text)| Read { line, wish: object(text) }).collect(),
        Form::Prompts => numbered(text)
            .map(|(line, text)| Read { line, wish: Ok(Wish { prompt: text.to_owned(), ..Wish::default() }) })
            .collect(),
    };
    match lines.len() {
        0 => Err(Error::invalid("The batch has no lines. Nothing was sent.")
            .next("Write one JSON object a line, as in {\"prompt\": \"waves at night\", \"seconds\": 8}.")),
        many if many > MAX_LINES => Err(Error::invalid(format!(
            "The batch has {many} lines, and {MAX_LINES} is the limit. Nothing was sent."
        ))
        .next("Divide the file.")),
        _ => Ok(lines),
    }
}

fn is_remark(line: &str) -> bool {
    line.is_empty() || line.starts_with('#')
}

fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !is_remark(line))
}

fn object(line: &str) -> Result<Wish> {
    if line.len() > MAX_LINE_BYTES {
        return Err(Error::invalid("it is longer than 64 KiB").next("Shorten the prompt."));
    }
    let value: Value = serde_json::from_str(line).map_err(|error| {
        let what = error.to_string();
        let what = what.split(" at line").next().unwrap_or_default();
        Error::invalid(format!("it is no JSON object ({what}, at character {})", error.column()))
            .next("Write it as {\"prompt\": \"…\"}, with quotation marks around names and texts.")
    })?;
    match value {
        Value::Object(object) => fields::wish(object),
        _ => Err(Error::invalid("it is JSON, but no object").next("Write it as {\"prompt\": \"…\"}.")),
    }
}

fn table(text: &str) -> Result<Vec<Read>> {
    let heading = text.lines().find(|line| !is_remark(line.trim())).unwrap_or_default();
    // Spreadsheets of many countries write semicolons.
    let divider = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|divider| heading.bytes().filter(|byte| byte == divider).count())
        .unwrap_or(b',');
    if let Some(line) = unclosed(text, divider) {
        return Err(Error::invalid(format!(
            "In line {line} a cell begins with a quotation mark, and nothing ends it; all that follows would belong to it. Nothing was sent."
        ))
        .next("Close it, or write the mark twice where it belongs to the text."));
    }
    let mut table = csv::ReaderBuilder::new()
        .delimiter(divider)
        .comment(Some(b'#'))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heading = table
        .headers()
        .map_err(|error| {
            Error::new(Kind::InvalidInput, "The table's heading cannot be read.").because(error)
        })?
        .clone();
    if !heading.iter().any(|name| name.eq_ignore_ascii_case("prompt")) {
        return Err(Error::invalid("The table has no column \"prompt\". Nothing was sent.").next(
            "Its first line names the columns, for example: prompt,model,seconds,aspect,channels,caption,key",
        ));
    }
    let unknown: Vec<_> = heading.iter().filter(|name| !name.is_empty() && !fields::is_known(name)).collect();
    if let Some(name) = unknown.first() {
        return Err(fields::unknown(name).0);
    }
    let mut lines = Vec::new();
    for record in table.records() {
        let (line, wish) = match record {
            Ok(record) => (record.position().map_or(0, csv::Position::line), row(&heading, &record)),
            Err(error) => (
                error.position().map_or(0, csv::Position::line),
                Err(Error::invalid("it cannot be read as a row of the table").because(error)),
            ),
        };
        lines.push(Read { line: u32::try_from(line).unwrap_or(u32::MAX), wish });
    }
    Ok(lines)
}

/// The line in which a quoted cell begins that reaches to the end of the file. A reader of tables takes that for a cell.
fn unclosed(text: &str, divider: u8) -> Option<usize> {
    let mut opened = None;
    let (mut at_start, mut is_remark) = (true, false);
    let mut bytes = text.bytes().peekable();
    let mut line = 1;
    let mut begins_line = true;
    while let Some(byte) = bytes.next() {
        match (opened, byte) {
            (Some(_), b'"') if bytes.peek() == Some(&b'"') => _ = bytes.next(),
            (Some(_), b'"') => opened = None,
            (Some(_), _) => {}
            (None, b'#') if begins_line => is_remark = true,
            (None, b'"') if at_start && !is_remark => opened = Some(line),
            (None, _) => {}
        }
        line += usize::from(byte == b'\n');
        begins_line = byte == b'\n';
        is_remark &= !begins_line;
        at_start = begins_line || byte == divider;
    }
    opened
}

fn row(heading: &csv::StringRecord, record: &csv::StringRecord) -> Result<Wish> {
    if record.len() > heading.len() {
        return Err(Error::invalid(format!(
            "it has {} cells, and the heading names {} columns",
            record.len(),
            heading.len()
        ))
        .next("Put a cell that holds a comma into quotation marks."));
    }
    let mut object = Map::new();
    for (name, cell) in heading.iter().zip(record).filter(|(name, cell)| !name.is_empty() && !cell.is_empty())
    {
        if cell.len() > MAX_LINE_BYTES {
            return Err(Error::invalid(format!("its {} is longer than 64 KiB", redact::quote(name, 40))));
        }
        object.insert(name.to_lowercase(), Value::String(cell.to_owned()));
    }
    fields::wish(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(form: Form, text: &str) -> Vec<(u32, String)> {
        let lines = read(form, text).unwrap();
        lines
            .into_iter()
            .filter_map(|read| Some((read.line, read.wish.err()?)))
            .map(|(line, error)| {
                (line, format!("{} {}", error.message(), error.next_step().unwrap_or_default()))
            })
            .collect()
    }

    #[test]
    fn every_line_is_read_and_each_bad_one_is_named() {
        let text = "# a remark\n\n{\"prompt\": \"one\", \"seconds\": 8, \"channels\": \"tiktok, reels\"}\n{\"prompt\": }\n\
             {\"promt\": \"three\"}\n{\"prompt\": \"four\", \"seconds\": \"long\"}\n[1]\n{\"prompt\": \"six\", \"audio\": \"no\"}\n";
        let read_all = read(Form::JsonLines, text).unwrap();
        let first = read_all[0].wish.as_ref().unwrap();
        assert_eq!((read_all[0].line, first.seconds), (3, Some(8.0)));
        assert_eq!(first.channels, ["tiktok", "reels"]);
        assert_eq!(read_all[5].wish.as_ref().unwrap().audio, Some(false));
        let wrong = wrong(Form::JsonLines, text);
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5, 6, 7]);
        for ((_, said), words) in
            wrong.iter().zip(["character 12", "probably prompt is meant", "seconds", "no object"])
        {
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn tables_of_any_country() {
        for text in [
            "prompt,seconds,channels,key\n\"waves, at night\",8,tiktok|reels,a\n",
            "\u{feff}Prompt;Seconds;Channels;Key\nwaves, at night;8;tiktok|reels;a\n",
        ] {
            let lines =
                read(Form::of("x", text.trim_start_matches('\u{feff}')).unwrap_or(Form::Csv), text).unwrap();
            let wish = lines[0].wish.as_ref().unwrap();
            assert_eq!((wish.prompt.as_str(), wish.seconds), ("waves, at night", Some(8.0)), "{text}");
            assert_eq!((lines[0].line, wish.channels.len(), wish.key.as_deref()), (2, 2, Some("a")));
        }
        let said = read(Form::Csv, "prompt,aspekt\nx,9:16\n").unwrap_err().to_string();
        assert!(said.contains("aspekt"), "{said}");
        assert_eq!(wrong(Form::Csv, "prompt,seconds\na,1,2\nb,8\n").len(), 1);
        let open = "prompt,seconds\nfive 5\" pipes,4\n# a \" remark\n\"a \"\"big\"\" fox\nin snow\",4\n\"a fox, 4\na hill,4\n";
        let said = read(Form::Csv, open).unwrap_err().to_string();
        assert!(said.contains("In line 6"), "{said}");
        let closed = open.replace("a fox, 4", "a fox\", 4");
        assert_eq!(read(Form::Csv, &closed).unwrap().len(), 4);
        assert!(read(Form::Csv, "words\nx\n").unwrap_err().to_string().contains("prompt"));
        assert!(read(Form::Prompts, "\n# only remarks\n").is_err());
        assert_eq!(read(Form::Prompts, "one\n\ntwo\n").unwrap()[1].line, 3);
    }
}
