//! Packs the table of relocations, where the system's C library reads such tables: 65,000 entries, which every start
//! would read from the disk and keep in memory (1.5 MiB of the 15 that an idle server may hold), become 30 kB.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The library of this system says nothing of another target's.
    let is_native = env::var_os("HOST") == env::var_os("TARGET");
    let is_glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is_native && is_glibc && has_packed_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Since glibc 2.36. A program that is built here needs a library of about this age in any case.
fn has_packed_relocations() -> bool {
    let Ok(told) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else { return false };
    let told = String::from_utf8_lossy(&told.stdout);
    let mut numbers = told.trim().trim_start_matches("glibc ").split('.').map(str::parse::<u32>);
    let (major, minor) = (numbers.next().and_then(Result::ok), numbers.next().and_then(Result::ok));
    (major, minor) >= (Some(2), Some(36))
}
