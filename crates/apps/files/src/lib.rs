//! Files: upload in pieces, where the bytes lie, who may read them, pictures and their thumbnails.
//!
//! A row of the table `file` stands for a file from the beginning of its upload until its bytes are deleted. While the
//! upload is coming, and until a message holds the file, it belongs to its uploader alone. From then on the table
//! `file_of_message` decides: whoever follows the stream of such a message may read the file, and this is asked anew at
//! each read. A file that no message holds is collected by housekeeping. A person may make a picture its own, or
//! that of a room (`portrait`): then everybody who is signed in may read it, and no message can hold it.
//!
//! Entry points: [`Files`], the product; [`open`] gives it a place for the bytes; [`for_message`], [`hold`] and
//! [`let_go`] are for those who make messages.
//!
//! Invariants: the bytes of a whole file never change. The type of a file is what its bytes say, never what its name or
//! its uploader says. Only pictures that were decoded here, video and sound are ever shown in place.
//!
//! Never in here: what a message or a conversation is.

mod blob;
mod bucket;
mod collect;
mod disposition;
mod download;
mod file;
mod file_id;
mod file_name;
mod finish;
mod folder;
mod holding;
mod keep;
mod media_type;
mod options;
mod outgoing;
mod picture;
mod places;
mod portrait;
mod product;
mod range;
mod room;
mod small;
mod storage;
mod strip;
mod tables;
mod upload;

pub use file::File;
pub use file_id::FileId;
pub use holding::{for_message, hold, let_go};
pub use keep::keep;
pub use options::FileOptions;
pub use picture::{Miniature, miniature};
pub use portrait::{hold_emblem, hold_portrait, let_emblem_go, let_portrait_go};
pub use product::Files;
pub use small::{SmallPicture, small_picture, unchanging};
pub use storage::open;
