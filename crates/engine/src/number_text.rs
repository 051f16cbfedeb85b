//! Numbers as sentences for people have them, so that a refusal takes its numbers from the limits.

/// A number with a comma between each three digits, as sentences for people have it.
pub fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of bytes in the largest unit that takes it whole, such as `64 KiB`.
pub fn bytes(number: impl TryInto<u64>) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.iter().find(|(size, _)| number >= *size && number.is_multiple_of(*size));
    match unit {
        Some((size, name)) => format!("{} {name}", grouped(number / size)),
        None => format!("{} bytes", grouped(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (4_000_000, "4,000,000")] {
            assert_eq!(grouped(number as u64), text);
        }
        for (number, text) in [(100, "100 bytes"), (1_500, "1,500 bytes"), (64 << 10, "64 KiB")] {
            assert_eq!(bytes(number as u64), text);
        }
    }
}
