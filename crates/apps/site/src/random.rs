//! Random secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use encke_engine::{Code, Error};

fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        tracing::error!("no random numbers: {e}");
        Error::new(Code::Internal, "The server has no random numbers.")
    })?;
    Ok(bytes)
}

/// A secret of 256 bits as text, after a prefix that names its kind.
pub fn secret(prefix: &str) -> Result<String, Error> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

/// Crockford's base32: no letter looks like a digit or like another letter.
const READABLE: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a readable secret, five bits each.
const READABLE_CHARS: usize = 20;
/// Characters between two dashes.
const GROUP_CHARS: usize = 4;

/// A secret of 100 bits that a person can read aloud and type: `7K3M-QX0V-…`.
pub fn readable_secret() -> Result<String, Error> {
    let mut text = String::new();
    for (n, byte) in bytes::<READABLE_CHARS>()?.into_iter().enumerate() {
        if n > 0 && n % GROUP_CHARS == 0 {
            text.push('-');
        }
        text.push(char::from(READABLE[usize::from(byte % 32)]));
    }
    Ok(text)
}

/// A readable secret in the form in which secrets are compared, however it was typed.
pub fn folded(readable: &str) -> String {
    let kept = readable.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readable_secret_has_100_bits_in_groups_and_is_another_each_time() {
        let secret = readable_secret().unwrap();
        assert!(secret.split('-').all(|group| group.len() == 4), "{secret}");
        assert_eq!(folded(&secret).len() * 5, 100);
        assert_ne!(secret, readable_secret().unwrap());
    }

    #[test]
    fn a_readable_secret_may_be_typed_carelessly() {
        assert_eq!(folded(" 7k3m-qxov_il "), folded("7K3M-QX0V-11"));
        assert_ne!(folded("7K3M"), folded("7K3N"));
    }
}
