//! The program: commands are in `cli`.

fn main() {}
