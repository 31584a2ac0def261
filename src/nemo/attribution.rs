//! Attribution: the three `X-Skill-*` headers that go with every call. Without them exports answer 402
//! (NemoVideo skill, Cloud Render Pipeline Details).

use std::sync::LazyLock;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use saphyr::{LoadableYamlNode, Yaml};

use crate::error::{Error, Kind, Result};

const SKILL: &str = include_str!("../../skill.yaml");

/// Source and version, read once: they go with every call.
static OF_SKILL: LazyLock<Result<[HeaderValue; 2], String>> = LazyLock::new(|| {
    let skill = Yaml::load_from_str(SKILL).map_err(|error| format!("skill.yaml cannot be read: {error}."))?;
    let field = |name: &str| {
        let text = skill
            .first()
            .and_then(|document| document.as_mapping_get(name))
            .and_then(Yaml::as_str)
            .ok_or_else(|| format!("skill.yaml has no text {name}."))?;
        value_of(text).map_err(|reason| format!("The {name} of skill.yaml cannot be sent: {reason}"))
    };
    Ok([field("name")?, field("version")?])
});

/// The headers for this platform (`clawhub`, `cursor`, `unknown`…).
///
/// # Errors
/// [`Kind::Config`] when the platform cannot stand in a header; [`Kind::Internal`] when the embedded skill is broken.
pub(super) fn headers(platform: &str) -> Result<HeaderMap> {
    let [source, version] = OF_SKILL.as_ref().map_err(Error::internal)?;
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-skill-source"), source.clone());
    headers.insert(HeaderName::from_static("x-skill-version"), version.clone());
    let platform = value_of(platform).map_err(|reason| {
        Error::new(Kind::Config, format!("The platform name (SKILL_SOURCE) cannot be sent: {reason}"))
            .next("Use a short name such as clawhub or cursor, or remove the setting.")
    })?;
    headers.insert(HeaderName::from_static("x-skill-platform"), platform);
    Ok(headers)
}

/// An empty header counts as a missing one, so it is refused here.
fn value_of(text: &str) -> Result<HeaderValue, &'static str> {
    match HeaderValue::from_str(text.trim()) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) => Err("it is empty."),
        Err(_) => Err("it contains characters that a header cannot carry."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_from_the_skill() {
        let headers = headers(" cursor\n").unwrap();
        let shown: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(
            shown,
            ["x-skill-source: sora-video-generation", "x-skill-version: 1.0.0", "x-skill-platform: cursor"]
        );
        assert_eq!(super::headers(" ").unwrap_err().kind(), Kind::Config);
        assert_eq!(super::headers("a\nb").unwrap_err().kind(), Kind::Config);
    }
}
