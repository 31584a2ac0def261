//! Money: what is paid in dollars is paid once, within its budget, and is delivered or shown as doubtful, whatever
//! happens to the program, the service and the line between them. The sandbox's books are the judge.

mod asker;
mod budget;
mod chain;
mod ends;
mod fails;
mod faults;
#[cfg(unix)]
mod ffmpeg;
mod frozen;
mod guard;
#[cfg(unix)]
mod keys;
pub(crate) mod kills;
mod names;
mod parts;
mod reconcile;
mod rows;
mod short;
mod strangers;
pub(crate) mod till;
mod wallet;
mod webhooks;
