//! The list of all that a process did to the files of a folder, as bytes: `crates/late-disk` writes it.

/// One entry of the list. Files are named without their folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// Bytes are about to be written.
    Write {
        /// The file.
        name: String,
        /// The place of the first byte in the file.
        at: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A file is about to get another length.
    Cut {
        /// The file.
        name: String,
        /// Its length in bytes.
        length: u64,
    },
    /// An empty file is about to be made.
    Create {
        /// Its name.
        name: String,
    },
    /// A file is about to get another name.
    Rename {
        /// Its name until now.
        from: String,
        /// Its new name, in the place of a file that may have it now.
        to: String,
    },
    /// A file's name is about to go.
    Remove {
        /// The name.
        name: String,
    },
    /// A sync has begun.
    SyncBegan {
        /// The number of the sync, another one for each sync of a process.
        number: u64,
        /// The file, or nothing for the folder.
        name: Option<String>,
    },
    /// A sync is done. The thread that asked for it is told next.
    SyncEnded {
        /// The number with which the sync began.
        number: u64,
    },
}

impl Record {
    /// The record as bytes: the length of the rest, a byte for the kind, and the fields. A text or content has its
    /// length before it.
    pub fn encoded(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        match self {
            Record::Write { name, at, bytes } => {
                out.push(1);
                text(&mut out, name);
                number(&mut out, *at);
                content(&mut out, bytes);
            }
            Record::Cut { name, length } => {
                out.push(2);
                text(&mut out, name);
                number(&mut out, *length);
            }
            Record::Create { name } => {
                out.push(3);
                text(&mut out, name);
            }
            Record::Rename { from, to } => {
                out.push(4);
                text(&mut out, from);
                text(&mut out, to);
            }
            Record::Remove { name } => {
                out.push(5);
                text(&mut out, name);
            }
            Record::SyncBegan { number: of, name } => {
                out.push(6);
                number(&mut out, *of);
                // No file has an empty name.
                text(&mut out, name.as_deref().unwrap_or(""));
            }
            Record::SyncEnded { number: of } => {
                out.push(7);
                number(&mut out, *of);
            }
        }
        let length = u32::try_from(out.len() - 4).expect("a record is shorter than 4 GiB");
        out[..4].copy_from_slice(&length.to_le_bytes());
        out
    }
}

fn number(out: &mut Vec<u8>, of: u64) {
    out.extend(of.to_le_bytes());
}

fn content(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn text(out: &mut Vec<u8>, text: &str) {
    content(out, text.as_bytes());
}

/// Reads a list of records. If the process was killed while it wrote the last one, the end of that one is missing. It
/// is left out, because nothing that it announces was done.
pub fn records(list: &[u8]) -> Result<Vec<Record>, String> {
    let mut found = Vec::new();
    let mut rest = list;
    while let Some((length, behind)) = rest.split_first_chunk::<4>()
        && let Some((record, behind)) =
            behind.split_at_checked(u32::from_le_bytes(*length) as usize)
    {
        let record = decoded(record);
        found.push(record.ok_or_else(|| format!("record {} is none", found.len()))?);
        rest = behind;
    }
    Ok(found)
}

fn decoded(bytes: &[u8]) -> Option<Record> {
    let (kind, fields) = bytes.split_first()?;
    let mut fields = Fields(fields);
    Some(match kind {
        1 => Record::Write { name: fields.text()?, at: fields.number()?, bytes: fields.content()? },
        2 => Record::Cut { name: fields.text()?, length: fields.number()? },
        3 => Record::Create { name: fields.text()? },
        4 => Record::Rename { from: fields.text()?, to: fields.text()? },
        5 => Record::Remove { name: fields.text()? },
        6 => {
            let number = fields.number()?;
            Record::SyncBegan { number, name: Some(fields.text()?).filter(|n| !n.is_empty()) }
        }
        7 => Record::SyncEnded { number: fields.number()? },
        _ => return None,
    })
}

/// The unread fields of a record.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn content(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (content, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(content.to_vec())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.content()?).ok()
    }
}
