//! Addresses that people give.

use encke_engine::{Code, Error, outgoing_limits};
use lettre::Address;
use ring::digest;

use crate::key::hexadecimal;

/// Refuses what is no address. What passes can stand in a header and in a command to a mail server.
pub fn check(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let plain = text.len() <= outgoing_limits::MAIL_ADDRESS_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&b));
    match text.parse::<Address>() {
        Ok(_) if plain => Ok(text.to_owned()),
        _ => Err(Error::new(Code::Invalid, "This is no e-mail address that mails can be sent to.")),
    }
}

/// The name of an address in tables, from which nobody can read the address.
pub fn digits(address: &str) -> String {
    let folded = address.to_ascii_lowercase();
    hexadecimal(digest::digest(&digest::SHA256, folded.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_stand_in_a_header_and_in_a_command() {
        for good in ["a@example.com", " mei.lin+encke@mail.example.com ", "o'neil@example.org"] {
            assert_eq!(check(good).unwrap(), good.trim());
        }
        let long = format!("{}@example.com", "a".repeat(300));
        for bad in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@b@c",
            "a b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "a@example.com\nRCPT TO:<b@example.com>",
            "a@example.com,b@example.com",
            "<a@example.com>",
            "\"a\r\n\"@example.com",
            "a@[127.0.0.1]",
            "A <a@example.com>",
            "a\0@example.com",
            "邮件@example.com",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert_eq!(digits("A@Example.com"), digits("a@example.COM"));
    }
}
