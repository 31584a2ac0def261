//! Takes each setting from the weightiest place that has it, and collects what is wrong.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::file;
use super::parse::{self, Wrong};
use super::places::Surroundings;
use super::settings::{self, SETTINGS};
use crate::error::{Error, Kind, Result};

/// Settings given as flags; they weigh most.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    values: BTreeMap<&'static str, OsString>,
}

impl Overrides {
    /// Sets the setting of this name ([`settings::Setting::name`]), when there is a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Option<impl Into<OsString>>) -> Self {
        if let Some(value) = value {
            self.values.insert(name, value.into());
        }
        self
    }
}

/// One setting as it came out, for `doctor`.
#[derive(Clone, Debug, Serialize)]
pub struct Resolved {
    /// The environment variable.
    pub name: &'static str,
    /// The value as given; a secret shows as `set`, and nothing as the default's description.
    pub value: String,
    /// `default`, `environment`, the flag, or the settings file.
    pub source: String,
}

/// Where a value was found.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(PathBuf, &'static str),
    Environment,
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, key) => write!(f, "{key} in {}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A value before it is understood.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// One word, or several when a list in the file.
    pub(super) words: Vec<OsString>,
    /// Where it was found.
    pub(super) source: Source,
}

impl Given {
    /// The value as text.
    pub(super) fn text(&self) -> Result<&str, Wrong> {
        match self.words.as_slice() {
            [word] => word.to_str().ok_or_else(|| Wrong::new("is not valid Unicode", "Type it again.")),
            _ => Err(Wrong::new("is a list", "Give one value.")),
        }
    }
}

/// Unset, empty, or a placeholder such as `${user_config.token}` that a client did not fill in.
pub(super) fn is_unset(value: &OsStr) -> bool {
    value.is_empty()
        || value.to_str().is_some_and(|text| {
            let text = text.trim();
            text.starts_with("${") && text.ends_with('}') && text.matches('}').count() == 1
        })
}

/// `FIRSTCUT_HOME`, which must be known before the file can be found.
pub(super) fn home(flags: &Overrides, around: &Surroundings) -> Result<Option<(PathBuf, Source)>> {
    let mut reader = Reader::new(flags, around, file::Settings::default());
    let source = reader.given("FIRSTCUT_HOME").map(|given| given.source);
    let folder = reader.take("FIRSTCUT_HOME", |given| parse::folder(given, around));
    reader.finish()?;
    Ok(folder.zip(source))
}

/// Reads settings one by one and remembers what came out.
pub(super) struct Reader<'a> {
    flags: &'a Overrides,
    around: &'a Surroundings,
    file: file::Settings,
    resolved: BTreeMap<&'static str, Resolved>,
    problems: Vec<(&'static str, String, String)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(flags: &'a Overrides, around: &'a Surroundings, file: file::Settings) -> Self {
        Self { flags, around, file, resolved: BTreeMap::new(), problems: Vec::new() }
    }

    /// The value of that name, from the weightiest place that has one.
    fn given(&self, name: &'static str) -> Option<Given> {
        let setting = settings::named(name)?;
        if let Some(value) = self.flags.values.get(name).filter(|value| !is_unset(value)) {
            let source = Source::Flag(setting.flag.unwrap_or(name));
            return Some(Given { words: vec![value.clone()], source });
        }
        if let Some(value) = self.around.env.get(OsStr::new(name)).filter(|value| !is_unset(value)) {
            return Some(Given { words: vec![value.clone()], source: Source::Environment });
        }
        let key = setting.key?;
        let words: Vec<OsString> = self.file.values.get(key)?.iter().map(OsString::from).collect();
        if let [word] = words.as_slice()
            && is_unset(word)
        {
            return None;
        }
        Some(Given { words, source: Source::File(self.file.path.clone(), key) })
    }

    /// The setting, if it is set and can be used; otherwise the problem is kept for [`finish`](Self::finish).
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&Given) -> Result<T, Wrong>,
    ) -> Option<T> {
        let given = self.given(name)?;
        match parse(&given) {
            Ok(value) => {
                let secret = settings::named(name).is_some_and(|setting| setting.secret);
                let shown = if secret {
                    "set (hidden)".to_owned()
                } else {
                    given.words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(", ")
                };
                self.note(name, shown, given.source.to_string());
                Some(value)
            }
            Err(wrong) => {
                let what = format!("{name} ({}) {}.", given.source, wrong.what);
                self.problems.push((name, what, wrong.fix));
                None
            }
        }
    }

    /// Remembers the home folder, which was found before.
    pub(super) fn note_home(&mut self, home: Option<(PathBuf, Source)>) {
        if let Some((folder, source)) = home {
            self.note("FIRSTCUT_HOME", folder.display().to_string(), source.to_string());
        }
    }

    fn note(&mut self, name: &'static str, value: String, source: String) {
        self.resolved.insert(name, Resolved { name, value, source });
    }

    /// Every setting as it came out.
    ///
    /// # Errors
    /// All the problems in one.
    pub(super) fn finish(mut self) -> Result<Vec<Resolved>> {
        match self.problems.as_slice() {
            [] => {}
            [(_, what, fix)] => return Err(Error::new(Kind::Config, what).next(fix)),
            several => {
                let what: Vec<_> = several.iter().map(|(_, what, _)| what.as_str()).collect();
                let fix: Vec<_> = several.iter().map(|(name, _, fix)| format!("{name}: {fix}")).collect();
                return Err(Error::new(Kind::Config, what.join(" ")).next(fix.join(" ")));
            }
        }
        let out = SETTINGS.iter().map(|setting| {
            self.resolved.remove(setting.name).unwrap_or_else(|| Resolved {
                name: setting.name,
                value: setting.default.replace('`', ""),
                source: "default".to_owned(),
            })
        });
        Ok(out.collect())
    }
}
