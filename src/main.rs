//! Parse, call, exit code. Nothing else happens here.

use std::process::ExitCode;

fn main() -> ExitCode {
    warroom::cli::main()
}
