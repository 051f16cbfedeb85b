//! Streams: a class and the number of an owner, in one number.
//!
//! The class is a byte. A number from 2^62 on carries the class in its lowest byte and the owner's number in the 54
//! bits above it. Numbers below 2^62 are those of the four classes that there were before the class had a byte: they
//! carry it in their lowest two bits, below 60 bits of the owner's number. So a log from before the byte is read as it
//! is, and each number means one stream.

use crate::ids::{ConversationId, ID_MAX, PersonId};

/// The class of a stream: one byte of the stream's number.
///
/// Classes below 128 belong to Encke, those from 128 on to products; see [`StreamClass::of_product`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamClass(u8);

impl StreamClass {
    /// Messages of a conversation, and all else that its members should read.
    pub const SAID: Self = StreamClass(0);
    /// How far the members of a conversation have read.
    pub const RECEIPTS: Self = StreamClass(1);
    /// News for one person alone: conversations added and removed.
    pub const PERSON: Self = StreamClass(2);
    /// Events that programs append to a channel.
    pub const CHANNEL: Self = StreamClass(3);
    /// Changes of earlier messages of a conversation: edit, recall, reaction, pin.
    pub const AMENDMENTS: Self = StreamClass(4);
    /// The pieces of a message that is still being written.
    pub const GROWTH: Self = StreamClass(5);
    /// Notes of staff for staff about a conversation. Their stream has a subscription of its own.
    pub const NOTES: Self = StreamClass(6);

    /// The companions of a conversation's own stream: its followers get their events too.
    const COMPANIONS: [Self; 3] = [Self::RECEIPTS, Self::AMENDMENTS, Self::GROWTH];
    /// The first class from 2^62 on; the classes before it have short numbers.
    const FIRST_LONG: u8 = 4;
    /// The first class that belongs to a product.
    const FIRST_OF_PRODUCTS: u8 = 128;

    /// A product's own class, by a number from 0 to 127. Its streams have subscriptions of their own. Products say which
    /// classes they have, and those that have the same one don't start together.
    ///
    /// # Panics
    /// If the number is above 127; in a constant that is an error of the build.
    pub const fn of_product(number: u8) -> Self {
        assert!(number < Self::FIRST_OF_PRODUCTS, "there are 128 classes for products");
        StreamClass(Self::FIRST_OF_PRODUCTS + number)
    }

    /// Whether the class belongs to a product.
    pub fn is_of_product(self) -> bool {
        self.0 >= Self::FIRST_OF_PRODUCTS
    }

    /// The byte.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// Whether the streams of this class go to the followers of what is said in the conversation.
    pub fn is_companion(self) -> bool {
        matches!(self, Self::RECEIPTS | Self::AMENDMENTS | Self::GROWTH)
    }
}

/// The owner of a stream, with the class of the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A conversation owns what is said in it.
    Conversation(ConversationId),
    /// A conversation owns its receipts. They have a stream of their own so that they never count as unread.
    Receipts(ConversationId),
    /// A conversation owns the amendments of its messages.
    Amendments(ConversationId),
    /// A conversation owns the pieces of its growing messages.
    Growth(ConversationId),
    /// A conversation owns the notes of staff about it.
    Notes(ConversationId),
    /// A person owns the news for this person alone.
    Person(PersonId),
    /// A channel owns its one stream. This is its number; the store knows its name.
    Channel(u64),
    /// A product owns the stream, by a number of its choice; or the class has a meaning in later versions only.
    Other(StreamClass, u64),
}

/// A stream, as one number of at most 63 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(u64);

/// Set in the numbers that carry the class in their lowest byte.
const LONG: u64 = 1 << 62;
/// The greatest owner's number in a short number.
const SHORT_OWNER_MAX: u64 = (1 << 60) - 1;

impl StreamId {
    /// The stream of a class that belongs to the owner of this number.
    ///
    /// # Panics
    /// If the owner's number is above [`ID_MAX`]; numbers of channels alone may have 60 bits.
    pub fn new(class: StreamClass, owner: u64) -> Self {
        if class.0 < StreamClass::FIRST_LONG {
            assert!(owner <= SHORT_OWNER_MAX, "a stream's owner has a number of 60 bits");
            StreamId(owner << 2 | u64::from(class.0))
        } else {
            assert!(owner <= ID_MAX, "a stream's owner has a number of 54 bits");
            StreamId(LONG | owner << 8 | u64::from(class.0))
        }
    }

    /// The stream of the messages of a conversation.
    pub fn conversation(id: ConversationId) -> Self {
        StreamId::new(StreamClass::SAID, id.0)
    }

    /// The stream of a conversation's receipts.
    pub fn receipts(id: ConversationId) -> Self {
        StreamId::new(StreamClass::RECEIPTS, id.0)
    }

    /// The stream of a conversation's amendments.
    pub fn amendments(id: ConversationId) -> Self {
        StreamId::new(StreamClass::AMENDMENTS, id.0)
    }

    /// The stream of a conversation's growing messages.
    pub fn growth(id: ConversationId) -> Self {
        StreamId::new(StreamClass::GROWTH, id.0)
    }

    /// The stream of the notes about a conversation.
    pub fn notes(id: ConversationId) -> Self {
        StreamId::new(StreamClass::NOTES, id.0)
    }

    /// A person's own stream.
    pub fn person(id: PersonId) -> Self {
        StreamId::new(StreamClass::PERSON, id.0)
    }

    /// The stream of a channel.
    pub fn channel(number: u64) -> Self {
        StreamId::new(StreamClass::CHANNEL, number)
    }

    /// The stream of a number that [`raw`](Self::raw) returned.
    pub fn from_raw(raw: u64) -> Self {
        StreamId(raw)
    }

    /// The stream of a number from outside; `None` if no stream has it.
    pub fn checked(raw: u64) -> Option<Self> {
        let id = StreamId(raw);
        let is_long = raw & LONG != 0;
        let fits = raw >> 63 == 0 && is_long == (id.class().0 >= StreamClass::FIRST_LONG);
        fits.then_some(id)
    }

    /// The stream as one number, for stores.
    pub fn raw(self) -> u64 {
        self.0
    }

    /// The class of the stream.
    pub fn class(self) -> StreamClass {
        StreamClass(if self.0 & LONG == 0 { self.0 as u8 & 3 } else { self.0 as u8 })
    }

    /// The number of the stream's owner.
    pub fn owner_number(self) -> u64 {
        if self.0 & LONG == 0 { self.0 >> 2 } else { (self.0 & !LONG) >> 8 }
    }

    /// The owner of the stream.
    pub fn owner(self) -> Owner {
        let number = self.owner_number();
        let conversation = ConversationId(number);
        match self.class() {
            StreamClass::SAID => Owner::Conversation(conversation),
            StreamClass::RECEIPTS => Owner::Receipts(conversation),
            StreamClass::AMENDMENTS => Owner::Amendments(conversation),
            StreamClass::GROWTH => Owner::Growth(conversation),
            StreamClass::NOTES => Owner::Notes(conversation),
            StreamClass::PERSON => Owner::Person(PersonId(number)),
            StreamClass::CHANNEL => Owner::Channel(number),
            class => Owner::Other(class, number),
        }
    }

    /// Whether the stream is a channel's.
    pub fn is_channel(self) -> bool {
        self.class() == StreamClass::CHANNEL
    }

    /// The stream whose subscribers get this stream's events: companions go to the followers of what is said.
    pub fn route(self) -> StreamId {
        if self.class().is_companion() { StreamId(self.owner_number() << 2) } else { self }
    }

    /// The further streams that a subscription to this one covers.
    pub fn companions(self) -> impl Iterator<Item = StreamId> {
        let all: &[StreamClass] = match self.class() {
            StreamClass::SAID => &StreamClass::COMPANIONS,
            _ => &[],
        };
        all.iter().map(move |class| StreamId::new(*class, self.owner_number()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const NEWS: StreamClass = StreamClass::of_product(0);

    fn classes() -> impl Iterator<Item = StreamClass> {
        (0..=u8::MAX).map(StreamClass)
    }

    proptest! {
        #[test]
        fn a_number_tells_class_and_owner(class: u8, owner in 0..=ID_MAX) {
            let id = StreamId::new(StreamClass(class), owner);
            prop_assert_eq!((id.class().byte(), id.owner_number()), (class, owner));
            prop_assert!(i64::try_from(id.raw()).is_ok(), "stores have 63 bits");
            prop_assert_eq!(StreamId::checked(id.raw()), Some(id));
            prop_assert_eq!(StreamId::from_raw(id.raw()), id);
        }

        #[test]
        fn a_stream_has_one_number(raw: u64, small in 0u64..2048, shift in 0u32..64) {
            for raw in [raw, small, small << shift, LONG | small, u64::MAX >> shift] {
                let Some(id) = StreamId::checked(raw) else { continue };
                prop_assert_eq!(StreamId::new(id.class(), id.owner_number()).raw(), raw);
            }
        }

        #[test]
        fn streams_of_one_owner_have_different_numbers(owner in 0..=ID_MAX) {
            let all: BTreeSet<_> = classes().map(|class| StreamId::new(class, owner)).collect();
            prop_assert_eq!(all.len(), 256);
        }

        #[test]
        fn the_numbers_of_a_log_from_before_the_byte_are_what_they_were(owner in 0..=SHORT_OWNER_MAX) {
            let conversation = ConversationId(owner);
            let was = [
                (owner << 2, Owner::Conversation(conversation)),
                (owner << 2 | 1, Owner::Receipts(conversation)),
                (owner << 2 | 2, Owner::Person(PersonId(owner))),
                (owner << 2 | 3, Owner::Channel(owner)),
            ];
            for (raw, owned) in was {
                let id = StreamId::checked(raw).expect("it is a stream");
                prop_assert_eq!(id.owner(), owned);
                prop_assert_eq!(StreamId::new(id.class(), owner).raw(), raw);
            }
        }

        #[test]
        fn a_subscription_covers_what_goes_to_its_followers_and_nothing_else(
            owner in 0..=ID_MAX,
            other in 0..=ID_MAX,
        ) {
            for class in classes() {
                let followed = StreamId::new(class, owner);
                prop_assert_eq!(followed.route() == followed, !class.is_companion());
                prop_assert_eq!(followed.route().route(), followed.route());
                let covered: BTreeSet<_> = followed.companions().chain([followed]).collect();
                for event in classes().flat_map(|c| [owner, other].map(|n| StreamId::new(c, n))) {
                    let goes_there = event.route() == followed;
                    let is_meant = covered.contains(&event) && !class.is_companion();
                    prop_assert_eq!(goes_there, is_meant, "{:?} of {:?}", event, followed);
                }
            }
        }
    }

    #[test]
    fn a_number_that_no_stream_has_is_refused() {
        for class in 0..StreamClass::FIRST_LONG {
            assert_eq!(StreamId::checked(LONG | 12 << 8 | u64::from(class)), None);
        }
        assert_eq!(StreamId::checked(1 << 63), None);
        assert_eq!(StreamId::checked(u64::MAX), None);
    }

    #[test]
    fn members_get_amendments_and_growth_and_only_staff_get_notes() {
        let c = ConversationId(ID_MAX);
        let said = StreamId::conversation(c);
        for companion in [StreamId::receipts(c), StreamId::amendments(c), StreamId::growth(c)] {
            assert_eq!(companion.route(), said);
            assert!(said.companions().any(|of_it| of_it == companion));
        }
        assert_eq!(StreamId::notes(c).route(), StreamId::notes(c));
        assert!(!said.companions().any(|of_it| of_it == StreamId::notes(c)));
        assert_eq!(StreamId::notes(c).companions().count(), 0);
    }

    #[test]
    fn a_product_has_a_class_that_the_engine_does_not_know() {
        let stream = StreamId::new(NEWS, 7);
        assert!(NEWS.is_of_product() && !StreamClass::NOTES.is_of_product());
        assert_eq!(stream.owner(), Owner::Other(NEWS, 7));
        assert_eq!((stream.route(), stream.companions().count()), (stream, 0));
    }

    #[test]
    #[should_panic(expected = "54 bits")]
    fn an_owner_that_does_not_fit_is_never_taken_for_another() {
        StreamId::new(StreamClass::AMENDMENTS, ID_MAX + 1);
    }
}
