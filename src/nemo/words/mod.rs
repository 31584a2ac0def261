//! Words: a text cut into tagged tokens, the common ground of `route` and `gui`.
//!
//! Both of them are small grammars, and a grammar needs symbols, not letters. One pass over the text yields tokens:
//! words and phrases found in the tables beside this file (`en.txt`, `zh.txt`, `more.txt`, longest match first, one
//! table of tags for all languages so that mixed messages need no language guess), quoted spans as one opaque token
//! each, file paths and links, numbers and punctuation. Unknown words stay as tokens without tags: how many of them
//! stand in a clause tells a bare request from a description of a picture.
//!
//! The pass is linear: every look-ahead (a closing quote, a path with blanks in it) is bounded.

mod fold;
mod lexicon;
mod scan;
#[cfg(test)]
mod tests;

pub(super) use fold::folded;
pub(super) use lexicon::Tag;
pub(super) use scan::{Kind, Token, scan};
