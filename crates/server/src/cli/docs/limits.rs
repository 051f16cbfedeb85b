//! The reference page of limits.

use encke_engine::limit::{self, Limit};
use encke_engine::number_text::{bytes, grouped};

use super::{cell, head, wrapped};

pub fn page() -> String {
    let files = "`limits.rs` and the files beside it whose names end with `_limits.rs`";
    let mut out = head("Limits", &format!("{files} in `crates/engine/src`"));
    let text = "What Encke holds, waits and takes at most. The limits are constants: an operator can't change them, but for the \
        [quotas](options.md#--quota-guest-percent) of each role and the room for [files](options.md#--files-mib-max-mib).";
    out += &wrapped(text, "");
    out += "\n| limit | value | what it bounds |\n| --- | --- | --- |\n";
    for limit in limit::all() {
        let about = limit.about.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        let about = about.replace("[`", "`").replace("`]", "`");
        out += &format!("| `{}` | {} | {} |\n", limit.name, value(limit), cell(&about));
    }
    out
}

/// The value of a limit in the unit of its name.
fn value(limit: &Limit) -> String {
    let has = |unit: &str| limit.name.split('_').any(|part| part == unit);
    let text = |number: u64| {
        if has("BYTES") {
            bytes(number)
        } else if has("MS") {
            duration(number)
        } else if has("S") {
            duration(number.saturating_mul(1_000))
        } else {
            grouped(number)
        }
    };
    match (limit.values)() {
        (Some(least), most) => format!("{} to {}", text(least), text(most)),
        (None, most) => text(most),
    }
}

/// A time in the largest unit that divides it.
fn duration(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let unit = units.iter().find(|(size, _)| ms >= *size && ms.is_multiple_of(*size));
    let (size, name) = unit.unwrap_or(&units[4]);
    format!("{} {name}", grouped(ms / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_in_the_unit_of_the_name() {
        let told = |name| value(limit::all().find(|l| l.name == name).expect("a limit"));
        for (name, text) in [
            ("TEXT_BYTES_MAX", "16 KiB"),
            ("HEARTBEAT_MS", "25 s"),
            ("HSTS_AGE_S", "180 d"),
            ("PASSWORD_BYTES", "8 bytes to 256 bytes"),
            ("CHANNELS_MAX", "1,000,000"),
        ] {
            assert_eq!(told(name), text, "{name}");
        }
    }
}
