//! The skill, SKILL.md, for clients that take skills from a server instead of a folder.

use std::sync::LazyLock;

use rmcp::ErrorData;
use rmcp::model::{
    Annotations, CacheScope, GetSkillResult, JsonObject, ListSkillsResult, Resource, Role, Skill,
    SkillFrontmatter, SkillResource, SkillResources,
};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};

use crate::mcp::resources::built_in::BuiltIn;
use crate::mcp::server::LIST_TTL_MS;
use crate::redact;

/// The file as it lies in the repository.
const TEXT: &str = include_str!("../../SKILL.md");
/// The part before the file's name is the skill's.
const URI: &str = "skill://firstcut/SKILL.md";

/// What stands at the head of the file.
static FRONT: LazyLock<JsonObject> = LazyLock::new(|| {
    let front =
        TEXT.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n")).map(|(front, _)| front);
    let yaml = Yaml::load_from_str(front.unwrap_or_default()).unwrap_or_default();
    match yaml.first().map(json_of) {
        Some(Value::Object(fields)) => fields,
        _ => JsonObject::new(),
    }
});

/// The file, for reading and for lists.
pub(super) fn file() -> BuiltIn {
    let listed = Resource::new(URI, field("name"))
        .with_title("How to make videos with firstcut")
        .with_description(field("description"))
        .with_mime_type("text/markdown")
        .with_size(TEXT.len() as u64)
        .with_annotations(Annotations::default().with_audience(vec![Role::Assistant]).with_priority(0.8));
    BuiltIn { listed, text: TEXT, meta: None }
}

/// The only skill there is.
pub(super) fn list() -> ListSkillsResult {
    ListSkillsResult::with_all_items(vec![skill()])
        .with_ttl_ms(LIST_TTL_MS)
        .with_cache_scope(CacheScope::Public)
}

pub(super) fn get(uri: &str) -> Result<GetSkillResult, ErrorData> {
    if uri != URI {
        let shown = redact::quote(uri, 200);
        return Err(ErrorData::invalid_params(
            format!("There is no skill {shown}; there is {URI}."),
            Some(json!({"uri": shown})),
        ));
    }
    Ok(GetSkillResult::new(skill()).with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Public))
}

fn skill() -> Skill {
    let mut front = SkillFrontmatter::new(field("name"), field("description"));
    for (name, value) in FRONT.iter().filter(|(name, _)| !["name", "description"].contains(&name.as_str())) {
        front = front.with_field(name, value.clone());
    }
    Skill::new(URI, front, SkillResources::Files(vec![SkillResource::from_bytes(URI, TEXT.as_bytes())]))
}

fn field(name: &str) -> String {
    FRONT.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// YAML as JSON; the head of a skill has texts, and maps of texts.
fn json_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Boolean(yes)) => json!(yes),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Sequence(items) => Value::Array(items.iter().map(json_of).collect()),
        Yaml::Mapping(fields) => Value::Object(
            fields
                .iter()
                .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), json_of(value))))
                .collect(),
        ),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skill_is_whole_and_its_bytes_are_the_files() {
        let skill = skill();
        skill.validate().unwrap();
        assert_eq!(skill.name(), "firstcut");
        assert!(skill.frontmatter.description.len() > 100);
        assert_eq!(skill.frontmatter.extra["metadata"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(skill.frontmatter.extra["license"], env!("CARGO_PKG_LICENSE"));
        let SkillResources::Files(files) = &skill.resources else { panic!("{:?}", skill.resources) };
        files[0].verify(file().text.as_bytes()).unwrap();
        assert!(get("skill://firstcut/other/SKILL.md").is_err());
    }
}
