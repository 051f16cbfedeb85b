//! Several nodes in one process: in tests, and where one process serves a space twice.

use std::sync::{Arc, RwLock};

use crate::{Bus, BusEvent, Message, OnBusEvent};

/// All nodes of a space in this process.
#[derive(Clone, Default)]
pub struct Local(Arc<RwLock<Vec<(u64, OnBusEvent)>>>);

/// One node among those of this process.
pub struct Member {
    all: Local,
    number: u64,
}

impl Local {
    /// A node joins. It is a member until the value is dropped.
    pub fn join(&self, hear: OnBusEvent) -> Member {
        let mut nodes = self.0.write().expect("not poisoned");
        let number = nodes.last().map_or(0, |(last, _)| last + 1);
        nodes.push((number, hear));
        Member { all: self.clone(), number }
    }
}

impl Bus for Member {
    fn send(&self, message: Message) {
        let message = message.without_rights();
        let nodes: Vec<OnBusEvent> = {
            let nodes = self.all.0.read().expect("not poisoned");
            let others = nodes.iter().filter(|(number, _)| *number != self.number);
            others.map(|(_, hear)| hear.clone()).collect()
        };
        for hear in nodes {
            hear(BusEvent::Message(message.clone()));
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.all.0.write().expect("not poisoned").retain(|(number, _)| *number != self.number);
    }
}
