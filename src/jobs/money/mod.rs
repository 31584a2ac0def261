//! Money, as far as jobs have to do with it: what a thing may cost, a person's word on it, what is there, what was taken.

pub mod approve;
pub mod balance;
pub mod books;
pub mod estimate;
pub(super) mod hold;
pub mod limits;
pub(super) mod readings;
pub mod wallet;
