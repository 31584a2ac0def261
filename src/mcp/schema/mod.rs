//! The schemas of what tools take and give back.
//!
//! schemars writes them from our types when the tests are run; a start only reads what it wrote. To write them anew at
//! every start took a millisecond, and kept the code for it in memory for as long as an assistant is open.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use rmcp::model::JsonObject;
use schemars::JsonSchema;

/// By the name of the type; `FIRSTCUT_WRITE_SCHEMAS=1 cargo test schemas_are_written` writes it after a change of a type.
const WRITTEN: &str = include_str!("written.json");

static SCHEMAS: LazyLock<HashMap<String, Arc<JsonObject>>> = LazyLock::new(|| {
    let all: HashMap<String, JsonObject> = serde_json::from_str(WRITTEN).unwrap_or_default();
    all.into_iter().map(|(name, schema)| (name, Arc::new(schema))).collect()
});

/// What a tool takes. A field that may be left out is not nullable in the schema: some model interfaces refuse
/// unions of types.
pub(super) fn input<T: JsonSchema>() -> Arc<JsonObject> {
    #[cfg(test)]
    tests::note_input::<T>();
    read::<T>()
}

/// What a tool gives back; fields without a value are absent, never null.
pub(super) fn output<T: JsonSchema>() -> Arc<JsonObject> {
    #[cfg(test)]
    tests::note_output::<T>();
    read::<T>()
}

/// A test sees to it that every type of a tool is there.
fn read<T: JsonSchema>() -> Arc<JsonObject> {
    let schema = SCHEMAS.get(T::schema_name().as_ref());
    // The test that writes them comes here before it has.
    debug_assert!(cfg!(test) || schema.is_some(), "written.json lacks {}", T::schema_name());
    schema.cloned().unwrap_or_default()
}
