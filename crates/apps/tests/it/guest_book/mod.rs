//! A guest book: a whole product in `product`, a server that serves it in `server`, and what both are to prove.

mod described;
mod product;
mod proof;
mod served;
