//! Webhooks: what a notice says, whether it is genuine, and whether an address may be given to the service.
//!
//! A notice is a hint to ask: two dialects, best effort, and no published signature. Nothing in it is a fact.

mod address;
mod payload;
mod verify;

pub use address::check_address;
pub use payload::{MAX_NOTICE_BYTES, Notice};
pub use verify::{Encoding, HeaderHmac, Key, Rejection, StandardWebhooks, Verified, Verifier};
