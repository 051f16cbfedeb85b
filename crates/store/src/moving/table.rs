//! The tables that move, and their rows as both engines give them.

use sha2::{Digest, Sha256};

use crate::value::Value;

/// The kind of values in a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Number,
    Text,
    Bytes,
}

/// A table with its columns. Both engines have it under the same names.
pub(super) struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Holds)],
}

use Holds::{Bytes, Number, Text};

/// All tables that move. A table comes after those that it refers to.
pub(super) const TABLES: [Table; 16] = [
    Table {
        name: "log",
        columns: &[
            ("position", Number),
            ("stream", Number),
            ("seq", Number),
            ("back", Number),
            ("at_ms", Number),
            ("author", Number),
            ("kind", Text),
            ("idem", Text),
            ("body", Bytes),
        ],
    },
    Table {
        name: "follow",
        columns: &[("person", Number), ("stream", Number), ("from_position", Number)],
    },
    Table { name: "channel", columns: &[("number", Number), ("name", Text)] },
    Table {
        name: "person",
        columns: &[
            ("id", Number),
            ("name", Text),
            ("shown_name", Text),
            ("display_name", Text),
            ("role", Text),
            ("password", Text),
            ("created_ms", Number),
            ("disabled_ms", Number),
            ("skeleton", Text),
        ],
    },
    Table { name: "look", columns: &[("skeleton", Text), ("person", Number)] },
    Table {
        name: "session",
        columns: &[
            ("hash", Bytes),
            ("person", Number),
            ("created_ms", Number),
            ("expires_ms", Number),
        ],
    },
    Table {
        name: "token",
        columns: &[
            ("hash", Bytes),
            ("person", Number),
            ("label", Text),
            ("created_ms", Number),
            ("expires_ms", Number),
        ],
    },
    Table { name: "setting", columns: &[("name", Text), ("value", Text)] },
    Table {
        name: "conversation",
        columns: &[
            ("id", Number),
            ("kind", Text),
            ("title", Text),
            ("open", Number),
            ("first_person", Number),
            ("second_person", Number),
            ("created_ms", Number),
        ],
    },
    Table {
        name: "member",
        columns: &[
            ("conversation", Number),
            ("person", Number),
            ("role", Text),
            ("joined_seq", Number),
            ("joined_ms", Number),
            ("delivered", Number),
            ("read", Number),
            ("invited_by", Number),
        ],
    },
    Table {
        name: "invitation",
        columns: &[
            ("person", Number),
            ("conversation", Number),
            ("inviter", Number),
            ("at_ms", Number),
        ],
    },
    Table { name: "classic_name", columns: &[("name", Text), ("person", Number)] },
    Table { name: "classic_guest", columns: &[("person", Number), ("name", Text)] },
    Table {
        name: "classic_mark",
        columns: &[("person", Number), ("stream", Number), ("position", Number)],
    },
    Table {
        name: "classic_taken",
        columns: &[("person", Number), ("stream", Number), ("position", Number)],
    },
    Table { name: "classic_state", columns: &[("name", Text), ("value", Number)] },
];

impl Table {
    /// The names of the columns, divided by commas.
    pub fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Whether rows are only ever added at the end, so that a copy can go on where it stopped.
    pub fn is_log(&self) -> bool {
        self.name == "log"
    }
}

/// The number of a table's rows, and a sum over their content that does not depend on their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// The sum of the rows' SHA-256, cut to 128 bits.
    pub sum: u128,
}

impl Sum {
    pub(super) fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            // The kind and the length go before each value, so that no two rows look alike.
            match value {
                Value::Null => hash.update([0]),
                Value::Int(v) => {
                    hash.update([1]);
                    hash.update(v.to_be_bytes());
                }
                Value::Text(v) => {
                    hash.update([2]);
                    hash.update((v.len() as u64).to_be_bytes());
                    hash.update(v);
                }
                Value::Blob(v) => {
                    hash.update([3]);
                    hash.update((v.len() as u64).to_be_bytes());
                    hash.update(v);
                }
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        let first = digest.first_chunk().map_or(0, |b| u128::from_be_bytes(*b));
        self.sum = self.sum.wrapping_add(first);
        self.rows += 1;
    }
}
