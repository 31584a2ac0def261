//! SkillBoss' half of the sandbox, over real sockets.

mod catalog;
mod customer;
mod faults;
mod jobs;
mod money;
mod receiver;
mod requests;
mod restart;
mod webhooks;
