//! `kill -9` at each row of the crash table, and at random moments: the job is found and finished, or honestly
//! reported, and the sandbox's own books show nothing sent or charged twice.

mod processes;
mod rows;
mod soak;
