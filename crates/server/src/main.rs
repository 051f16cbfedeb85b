//! The binary `encke`.

use std::process::ExitCode;

fn main() -> ExitCode {
    encke::run(encke::PRODUCTS)
}
