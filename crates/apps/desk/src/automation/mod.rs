//! What a desk does by itself, and what its staff does with one key: rules and macros.
//!
//! Something that happens to a ticket is noted in the same write ([`happening`]), if a rule waits for it. Every node looks for
//! what is noted; the write that takes it out carries the rules out ([`work`]), so each rule runs once for each happening, on
//! whichever node and after whatever restart (P11). What a rule does is nothing that happens, so rules don't follow rules.
//!
//! No table here holds a text of a visitor: a condition on a message reads it in the log when it is looked at (P10).

pub(crate) mod act;
pub(crate) mod condition;
pub(crate) mod happening;
pub(crate) mod macros;
pub(crate) mod rule;
pub(crate) mod rule_routes;
pub(crate) mod run;
pub(crate) mod trial;
pub(crate) mod voice;
pub(crate) mod work;
