//! The program: commands are in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    candor::cli::main()
}
