//! Nodes in one process.

use std::sync::Arc;

use encke_bus::{Bus, Local, OnBusEvent};

use crate::node::Nodes;

impl Nodes for Local {
    fn join(&self, hear: OnBusEvent) -> Arc<dyn Bus> {
        Arc::new(Local::join(self, hear))
    }
}

macro_rules! suite {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            crate::conformance::$name(&Local::default());
        }
    )* };
}
crate::conformance::list!(suite);
