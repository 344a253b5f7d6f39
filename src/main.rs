//! The program: commands are in `cli`.

use std::process::ExitCode;

/// A letter is made of some hundred short-lived strings: the C library's allocator takes twice as long
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    candor::cli::main()
}
