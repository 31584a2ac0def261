//! Files that come with the program: the same bytes for as long as it runs.

use rmcp::model::{MetaObject, Resource, ResourceContents};

use crate::mcp::{page, skill};

/// A text that can be read.
pub(in crate::mcp) struct BuiltIn {
    /// As lists show it: address, name, type.
    pub(in crate::mcp) listed: Resource,
    /// The text itself.
    pub(in crate::mcp) text: &'static str,
    /// What goes with the text when it is read.
    pub(in crate::mcp) meta: Option<MetaObject>,
}

/// All of them, in the order of the list.
pub(in crate::mcp) fn all() -> Vec<BuiltIn> {
    vec![skill::file(), page::file()]
}

impl BuiltIn {
    /// The answer to whoever reads it.
    pub(in crate::mcp) fn contents(self) -> ResourceContents {
        let mut contents = ResourceContents::text(self.text, self.listed.uri);
        if let Some(mime) = self.listed.mime_type {
            contents = contents.with_mime_type(mime);
        }
        match self.meta {
            Some(meta) => contents.with_meta(meta),
            None => contents,
        }
    }
}
