//! A limit beside its value: its name and what it bounds, for the pages that list the limits.

use std::ops::RangeInclusive;

use crate::{
    desk_limits, file_limits, growth_limits, keep_limits, limits, mail_limits, outgoing_limits,
    people_limits, talk_limits,
};

/// A limit, for the reference page and the description of the API.
pub struct Limit {
    /// The name of the constant, with its unit near the end.
    pub name: &'static str,
    /// The doc comment, one line for each of its own.
    pub about: &'static [&'static str],
    /// The least value, if there is one, and the greatest.
    pub values: fn() -> (Option<u64>, u64),
}

/// Declares constants, and the list of all of them.
macro_rules! table {
    ($($(#[doc = $about:literal])+ pub const $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[doc = $about])+ pub const $name: $type = $value;)*

        /// All limits, in the order of their declaration.
        pub const ALL: &[crate::limit::Limit] = &[$(crate::limit::Limit {
            name: stringify!($name),
            about: &[$($about),+],
            values: || crate::limit::Values::values(&$name),
        }),*];
    };
}
pub(crate) use table;

/// A type that a limit can have.
pub(crate) trait Values {
    fn values(&self) -> (Option<u64>, u64);
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Values for $type {
            fn values(&self) -> (Option<u64>, u64) {
                (None, *self as u64)
            }
        }

        impl Values for RangeInclusive<$type> {
            fn values(&self) -> (Option<u64>, u64) {
                (Some(*self.start() as u64), *self.end() as u64)
            }
        }
    )*};
}
number!(u8, u16, u32, u64, usize, i32, i64);

/// All limits, by subject.
pub fn all() -> impl Iterator<Item = &'static Limit> {
    let talked = limits::ALL.iter().chain(talk_limits::ALL).chain(people_limits::ALL);
    talked
        .chain(file_limits::ALL)
        .chain(growth_limits::ALL)
        .chain(keep_limits::ALL)
        .chain(outgoing_limits::ALL)
        .chain(desk_limits::ALL)
        .chain(mail_limits::ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_in_the_list_with_its_value() {
        let value = |name| (all().find(|l| l.name == name).unwrap().values)();
        assert_eq!(value("TEXT_BYTES_MAX"), (None, limits::TEXT_BYTES_MAX as u64));
        assert_eq!(value("PASSWORD_BYTES"), (Some(8), 256));
        assert!(all().all(|l| !l.about.is_empty()));
    }
}
