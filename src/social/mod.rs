//! Schedulers: those who put a finished clip before people, now or later. Nothing is posted unless it was asked for.

pub mod channels;
