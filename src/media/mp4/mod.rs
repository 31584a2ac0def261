//! The MP4 family (ISO/IEC 14496-12, QuickTime): reading and writing.

mod boxes;
mod codec;
mod fragment;
pub mod read;
mod table;

pub(crate) use codec::AAC_RATES_HZ;
