//! The MP4 family (ISO/IEC 14496-12, QuickTime): reading and writing.

mod boxes;
mod build;
mod codec;
pub mod entry;
mod fragment;
pub mod read;
mod table;
pub mod write;

pub(crate) use codec::AAC_RATES_HZ;
