//! Reasons that clients are given, each with its name on the wire.

/// Declares reasons, and the list of all of them: the description of the API is made of it.
macro_rules! reasons {
    (
        $(#[doc = $of:literal])+
        $type:ident {
            $($(#[doc = $about:literal])+ $name:ident = $text:literal,)+
        }
    ) => {
        $(#[doc = $of])+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $type {
            $($(#[doc = $about])+ $name),+
        }

        impl $type {
            /// All of them, in the order of their declaration.
            pub const ALL: &[$type] = &[$($type::$name),+];

            /// The reason's name on the wire.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$name => $text),+
                }
            }
        }
    };
}
pub(crate) use reasons;
