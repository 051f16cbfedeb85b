//! `encke` with one more product: the command line, the server and the description of the API, all with a guest book.

mod product;

use std::process::ExitCode;

use encke_site::Product;
use product::GuestBook;

fn main() -> ExitCode {
    let guest_book: &'static dyn Product = &GuestBook;
    let products: Vec<_> = encke::PRODUCTS.iter().copied().chain([guest_book]).collect();
    encke::run(products.leak())
}
