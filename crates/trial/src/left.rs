//! What a server has left of recalled messages in its files (P10).

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use memchr::memmem;

use crate::journal::Recall;

/// The files below a folder that still hold the text of a message whose recall was acknowledged.
pub fn left_in(folder: &Path, recalls: &[Recall]) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            left.extend(left_in(&path, recalls)?);
        }
        // There may be sockets and locks.
        if !path.is_file() {
            continue;
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // The server may delete it at this moment.
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            Err(e) => return Err(e.into()),
        };
        for recall in recalls.iter().filter(|recall| recall.acknowledged) {
            if memmem::find(&bytes, recall.secret.as_bytes()).is_some() {
                let Recall { stream, seq, .. } = recall;
                left.push(format!("not gone: the text of {stream}#{seq} is in {}", path.display()));
            }
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_text_in_a_file_of_a_folder_is_found() -> Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("below"))?;
        std::fs::write(folder.path().join("below/file"), b"..secret of w-1.hello")?;
        let mut recalls = ["w-1", "w-2"].map(|key| Recall {
            stream: Arc::from("c1"),
            seq: 3,
            message: 0,
            erased: 1,
            secret: format!("secret of {key}."),
            acknowledged: true,
        });
        assert_eq!(left_in(folder.path(), &recalls)?.len(), 1);
        recalls[0].acknowledged = false;
        assert_eq!(left_in(folder.path(), &recalls)?, Vec::<String>::new());
        Ok(())
    }
}
