//! The scenario list: one list, run over every transport.

mod big;
mod ends;
mod reading;

use crate::feed::over_every_transport;

mod run {
    pub use super::big::{history, slow_reader};
    pub use super::ends::{drain, removal, sign_out};
    pub use super::reading::{
        ack, ahead, broken_connection, live_seam, never_trimmed, order, replay, unknown_epoch, utf8,
    };
}

over_every_transport! {
    order, replay, live_seam, ack, unknown_epoch, ahead, never_trimmed, broken_connection, utf8,
    drain, sign_out, removal, slow_reader, history,
}
