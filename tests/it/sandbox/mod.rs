//! The sandbox, over real sockets.

mod agent;
mod faults;
mod frames;
mod guest;
mod process;
mod renders;
mod restart;
mod services;
mod skillboss;
mod uploads;
