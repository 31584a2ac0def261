//! SkillBoss' half of the sandbox, over real sockets.

mod customer;
mod jobs;
