//! Money: what is paid in dollars is paid once, within its budget, and is delivered or shown as doubtful, whatever
//! happens to the program, the service and the line between them. The sandbox's books are the judge.

mod budget;
mod chain;
mod ends;
mod faults;
#[cfg(unix)]
mod ffmpeg;
mod frozen;
mod guard;
mod kills;
mod names;
mod reconcile;
mod rows;
mod short;
mod strangers;
pub(crate) mod till;
mod wallet;
mod webhooks;
