//! Every bound in one place, unit last. docs/reference/limits.md is made of this file.

crate::limit::table! {
/// Bytes of a message's text.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of an idempotency key.
pub const KEY_BYTES_MAX: usize = 128;
/// Bytes of a channel's name.
pub const CHANNEL_NAME_BYTES_MAX: usize = 128;
/// Earlier events that one event may erase.
pub const ERASED_PER_EVENT_MAX: usize = 64;
/// Bytes of an event's body, of whatever kind: a conversation with all members that are shown of it fits.
pub const EVENT_BODY_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a request's head.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Header lines of a request.
pub const HEADERS_MAX: usize = 100;
/// Milliseconds until a request's head must be complete.
pub const HEAD_WAIT_MS_MAX: u64 = 10_000;
/// Bytes of a request's body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Milliseconds until a request's body must be complete.
pub const BODY_WAIT_MS_MAX: u64 = 10_000;
/// Milliseconds that a kept-alive connection may be idle between requests.
pub const KEEP_ALIVE_MS_MAX: u64 = 75_000;
/// Bytes of a WebSocket frame from a client.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Commands of one connection that wait for their answer.
pub const COMMANDS_UNANSWERED_MAX: usize = 16;
/// Bytes of answers and signals that wait for a connection to take them.
pub const OUT_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a request's head where texts travel in the URL: a request line of 64 KiB, and headers.
pub const LONG_HEAD_BYTES_MAX: usize = 80 * 1024;
/// Bytes that are still read of a body that is too long, so that its client can read the refusal.
pub const REFUSED_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Seconds that a long poll may wait.
pub const POLL_WAIT_S_MAX: u64 = 60;
/// Seconds that a long poll waits if the request does not say.
pub const POLL_WAIT_S_DEFAULT: u64 = 25;
/// Events in one answer to a poll, or in one turn of a replay.
pub const REPLAY_EVENTS_MAX: usize = 1_000;
/// Bytes of events after which an answer to a poll, or a turn of a replay, ends.
pub const REPLAY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that a replay hands to a socket in one turn.
pub const TURN_BYTES_MAX: usize = 256 * 1024;
/// Log entries that one page from the store looks at.
pub const SCAN_EVENTS_MAX: usize = 4_096;
/// Events in one page of a conversation's history.
pub const PAGE_EVENTS_MAX: usize = 200;

/// Milliseconds between heartbeats on a silent stream: below the 30 and 60 seconds of common proxies.
pub const HEARTBEAT_MS: u64 = 25_000;
/// Milliseconds between heartbeats in a forever iframe. No browser tells a page that the connection of a frame was
/// reset; a page that misses two heartbeats notices within five seconds.
pub const FRAME_HEARTBEAT_MS: u64 = 2_000;
/// Milliseconds between heartbeats of a request of another protocol whose answer has begun: below the 20 seconds that
/// some pages expect.
pub const FOREIGN_HEARTBEAT_MS: u64 = 15_000;
/// Milliseconds that a long poll still waits after its client has ended its side. Most such clients are gone, but the
/// server can't tell. A client that is still there gets its answer, perhaps an empty one.
pub const HALF_CLOSED_WAIT_MS_MAX: u64 = 5_000;
/// Milliseconds for which a reader may take none of the bytes that wait for it.
pub const SLOW_READER_MS_MAX: u64 = 30_000;
/// Milliseconds until a client comes back whose connection was cut as a slow reader, or ended as one too many.
pub const SLOW_RETURN_MS: u64 = 1_000;
/// Connections that hyper serves at one time, if a quarter of the open files allows as many. TLS handshakes under way
/// may be a quarter of that.
pub const HTTP_CONNECTIONS_MAX: usize = 4_096;
/// Milliseconds after which a request that is still under way does not keep a connection from giving up its place.
pub const STALLED_MS: u64 = 1_000;
/// Milliseconds without a further search for connections that can give up their places, after a search that found none.
pub const CROWDED_MS: u64 = 50;
/// Connections that are giving up their place to others at one time and still have their file.
pub const GIVING_UP_MAX: usize = 64;
/// Milliseconds that a new connection waits for the handshakes before it.
pub const HANDSHAKE_QUEUE_MS_MAX: u64 = 100;
/// Files that the process keeps for itself: stores, logs, listeners, what wakes its threads.
pub const FILES_RESERVED: usize = 256;
/// Files that the process keeps for each of several spaces.
pub const FILES_PER_SPACE: usize = 32;
/// Files that connections may have open, however few the process may.
pub const FILES_MIN: usize = 64;
/// Milliseconds that a WebSocket may be silent, pongs included.
pub const SILENCE_MS_MAX: u64 = 75_000;
/// Connections of one person on one shard; a further one ends the oldest.
pub const CONNECTIONS_PER_PERSON_MAX: usize = 64;
/// Requests that wait on socket pairs at one time, since HTTP/2 or TLS 1.2 carries them; never more than an eighth of
/// the files that the process may open.
pub const BRIDGES_MAX: usize = 4_096;
/// Requests of one connection that wait on socket pairs: fewer than its streams, so that sends over it find one.
pub const BRIDGES_PER_CONNECTION_MAX: usize = 80;
/// Requests of one person that wait on socket pairs, those included whose end the client has not read yet.
pub const BRIDGES_PER_PERSON_MAX: usize = 2 * CONNECTIONS_PER_PERSON_MAX;
/// Channels that one session may ask for.
pub const CHANNELS_PER_SESSION_MAX: usize = 100;
/// Channels that a session may follow without being counted as a wide one.
pub const CHANNELS_NARROW_MAX: usize = 10;
/// Wide sessions of one person on one shard; a further one ends the oldest.
pub const WIDE_SESSIONS_PER_PERSON_MAX: usize = 10;
/// Distinct channels that all sessions of one person on a node follow at once, besides up to [`CHANNELS_FEW_MAX`] that
/// are not counted by name. All visitors without a sign-in from one address (classic pages) share one such quota.
pub const CHANNELS_PER_PERSON_MAX: usize = 1_000;
/// Channels that the sessions of a person may follow before they are counted by name; fits a byte.
pub const CHANNELS_FEW_MAX: usize = 100;
/// Milliseconds after which a request that follows too many channels is tried again: closed connections are known then.
pub const CHANNELS_AGAIN_MS: u64 = 5_000;
/// Entries in the list of channels that guests may follow.
pub const GUEST_CHANNELS_MAX: usize = 100;
/// Channels of one space that have an event.
pub const CHANNELS_MAX: usize = 1_000_000;
/// Spaces that one process serves: each has threads, connections to its store and a tail of its own, so beyond this
/// another process is the better place.
pub const SPACES_MAX: usize = 64;
/// Host names of one space.
pub const HOSTS_PER_SPACE_MAX: usize = 64;
/// Bytes of a host's name.
pub const HOST_BYTES_MAX: usize = 253;
/// Milliseconds over which clients are told to come back after a drain.
pub const DRAIN_SPREAD_MS: u64 = 5_000;

/// Events in the tail.
pub const TAIL_EVENTS_MAX: usize = 65_536;
/// Bytes that the events of the tail take, with all that is kept beside their bodies and with all their encodings.
pub const TAIL_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Sends whose idempotency keys are remembered.
pub const KEYS_MAX: usize = 4_000_000;
/// Milliseconds for which an idempotency key is remembered at least, as far as [`KEYS_MAX`] allows.
pub const KEY_AGE_MS: u64 = 24 * 60 * 60 * 1000;

/// Writes that wait for the store.
pub const WRITES_WAITING_MAX: usize = 8_192;
/// Writes in one commit.
pub const COMMIT_WRITES_MAX: usize = 1_024;
/// Bytes of bodies after which a commit to PostgreSQL takes no further append.
pub const COMMIT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of events in one transaction of PostgreSQL: all of them travel in one packet.
pub const TRANSACTION_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Milliseconds that writes wait for the database before they are refused, if it was there until now.
pub const WRITE_PATIENCE_MS: u64 = 2_000;
/// Milliseconds between two tries to begin a transaction within that time.
pub const WRITE_AGAIN_MS: u64 = 50;
/// Milliseconds of waiting for the space's turn after which it is worth another round trip to take along what came
/// meanwhile.
pub const WRITE_LONG_WAIT_MS: u64 = 2;
/// Reads that wait for the store.
pub const READS_WAITING_MAX: usize = 4_096;
/// Milliseconds without a read after which readers of the store give back the memory of their caches.
pub const READER_RESTS_MS: u64 = 1_000;

/// Changes of subscriptions, and revocations, that a hub keeps to bring older admissions up to date.
pub const HUB_CHANGES_MAX: usize = 4_096;
/// Erased events that a hub remembers, to take their content out of pages that were asked for before.
pub const HUB_ERASED_MAX: usize = 4_096;
/// Milliseconds between two lines of the process's log that strangers can cause.
pub const STRANGERS_LINES_MS_MIN: u64 = 1_000;
/// Newest events of streams that are kept in memory although they are stored.
pub const HEADS_KEPT_MAX: usize = 1_000_000;
/// Streams whose newest events are not in SQLite's table of heads yet.
pub const HEADS_UNSTORED_MAX: usize = 8_192;
/// Events since heads were last stored. A start of the store looks through all of them.
pub const HEADS_UNSTORED_EVENTS_MAX: u64 = 100_000;
/// Pairs of person and stream for which the writer remembers whether the one follows the other.
pub const FOLLOWS_REMEMBERED_MAX: usize = 100_000;
/// Bytes of a store in SQLite up to which every page is checked at each start.
pub const STORE_CHECKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Milliseconds that a connection to SQLite waits for a lock.
pub const STORE_LOCK_WAIT_MS_MAX: u64 = 5_000;
/// Frames of the write-ahead log that are not in the database yet; beyond this they are copied there.
pub const WAL_UNCOPIED_FRAMES_MAX: u64 = 4_000;
/// Frames that the writer copies into the database itself, after a checkpoint beside it.
pub const WAL_REST_FRAMES_MAX: u64 = 400;
/// Frames of the write-ahead log, copied or not; beyond this a checkpoint waits for readers so that it can start anew.
pub const WAL_FRAMES_MAX: u64 = 64_000;
/// Milliseconds after an erasure until the write-ahead log is emptied, because its older frames hold the content. A
/// reader of an older state puts it off until it has finished.
pub const WAL_EMPTY_AFTER_ERASURE_MS: u64 = 5_000;
/// Milliseconds that a checkpoint waits for readers.
pub const WAL_READERS_WAIT_MS_MAX: u64 = 100;
/// Bytes by which the write-ahead log is lengthened at one time. A send that comes meanwhile waits for this.
pub const WAL_STEP_BYTES: usize = 2 * 1024 * 1024;
/// Milliseconds until a checkpoint that failed is tried again.
pub const CHECKPOINT_AGAIN_MS: u64 = 1_000;
/// Milliseconds that writes may gather before a commit.
pub const GATHER_MS_MAX: u64 = 1;
/// Rows that move from one store to another at once.
pub const MOVED_ROWS_MAX: usize = 2_000;
/// Bytes of rows that move from one store to another at once.
pub const MOVED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Rows that are read at once to compare two stores after a move.
pub const COMPARED_ROWS_MAX: usize = 1_000;

/// Parts of the log that a node keeps while what comes before them is still missing.
pub const HINTS_WAITING_MAX: usize = 256;
/// Messages for other nodes that wait to be sent; further ones are dropped.
pub const BUS_QUEUED_MAX: usize = 4_096;
/// Bytes of one message between nodes. Larger commits are read from the store.
pub const BUS_MESSAGE_BYTES_MAX: usize = 512 * 1024;
/// Milliseconds by which a message between nodes may be older, or newer, than the receiver's clock says.
pub const BUS_MESSAGE_AGE_MS_MAX: u64 = 30_000;
/// Milliseconds after a new key of messages between nodes was noticed for which the old one is still taken.
pub const BUS_KEY_OVERLAP_MS: u64 = 5_000;
/// Milliseconds after a new key was noticed until it is used for sending: by then all nodes have noticed it.
pub const BUS_KEY_LEAD_MS: u64 = 2 * LOOK_MS;
/// Bytes of a signal of another node.
pub const SIGNAL_BYTES_MAX: usize = 1_024;
/// Bytes of the name of an event's kind.
pub const KIND_BYTES_MAX: usize = 64;
/// Milliseconds after which a node looks at the store in any case: the end of a right has to arrive within a second
/// (P7), and the events of a hint have to be in the log.
pub const LOOK_MS: u64 = 750;
/// Milliseconds between two notes of what a node has seen of the log, in its data folder.
pub const SEEN_KEPT_MS: u64 = 1_000;
/// Milliseconds that a node waits for a hint that seems to be late, before it reads the store.
pub const HINT_LATE_MS: u64 = 5;
/// Milliseconds until a node looks at the store again after a look that failed.
pub const LOOK_AGAIN_MS: u64 = 100;
/// Events that a node reads in one look at the store.
pub const LOOK_EVENTS_MAX: usize = 1_000;
/// Bytes of events after which a look at the store ends.
pub const LOOK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Changes of who follows what, and revocations, that are kept for nodes that come late.
pub const CHANGES_KEPT_MAX: u64 = 1_000_000;

/// Events that a view of the database reads at once for bookkeeping.
pub const LOG_CHUNK_EVENTS_MAX: usize = 1_000;
/// Changes of who follows what, and revocations, that a node reads in one look at the store.
pub const LOOK_CHANGES_MAX: usize = 4_096;
/// Changes after which those beyond [`CHANGES_KEPT_MAX`] are deleted.
pub const CHANGES_TRIMMED_EVERY: u64 = 1_024;
/// Characters of a space's name in a database: with its prefix it stays below what PostgreSQL takes for a name.
pub const SPACE_NAME_CHARS_MAX: usize = 40;
/// Milliseconds until the second try to reach the database. Each further wait is twice as long, up to
/// [`DATABASE_AGAIN_MS_MAX`].
pub const DATABASE_AGAIN_MS_MIN: u64 = 50;

/// Milliseconds that a connection to the database may take to be made.
pub const DATABASE_CONNECT_MS_MAX: u64 = 3_000;
/// Milliseconds that one statement may run in the database, the wait for the space's turn included.
pub const DATABASE_STATEMENT_MS_MAX: u64 = 10_000;
/// Milliseconds that an answer of the database may take to arrive: longer than it may work on it.
pub const DATABASE_ANSWER_MS_MAX: u64 = 12_000;
/// Milliseconds that the machine of the database may be silent while something is expected of it: then packets get lost
/// on the way, and the connection is given up. A database that only works for long does not count as silent.
pub const DATABASE_SILENCE_MS_MAX: u64 = 4_000;
/// Milliseconds between the questions that tell a silent database from one that works.
pub const DATABASE_PROBE_MS: u64 = 1_000;
/// Milliseconds that an empty write may take while a node counts as ready.
pub const READY_MS_MAX: u64 = 3_000;
/// Milliseconds for which one check whether a node is ready answers all requests.
pub const READY_KEPT_MS: u64 = 250;
/// Connections to the operations address.
pub const OPS_CONNECTIONS_MAX: usize = 64;
/// Milliseconds that a connection to the operations address may last, its answers included.
pub const OPS_CONNECTION_MS_MAX: u64 = 60_000;
/// Milliseconds that a node may keep the space's turn without saying anything.
pub const DATABASE_IDLE_MS_MAX: u64 = 5_000;
/// Milliseconds between two tries to reach the database, at most.
pub const DATABASE_AGAIN_MS_MAX: u64 = 1_000;
/// Statements that one connection to the database keeps prepared.
pub const STATEMENTS_MAX: usize = 512;

/// Edits of one message.
pub const EDITS_PER_MESSAGE_MAX: usize = 50;
/// Different emoji with which people react to one message.
pub const REACTIONS_PER_MESSAGE_MAX: usize = 20;
/// Emoji with which one person reacts to one message.
pub const REACTIONS_PER_PERSON_MAX: usize = 10;
/// People that are named with an emoji under a message. The others only count.
pub const REACTION_PEOPLE_SHOWN_MAX: usize = 10;
/// People in one answer who are there only because of reactions and pins.
pub const AMENDING_PEOPLE_MAX: usize = 500;
/// Bytes of an emoji. The longest ones, families with skin tones and flags of regions, need less.
pub const EMOJI_BYTES_MAX: usize = 64;
/// Pinned messages of one conversation.
pub const PINS_PER_CONVERSATION_MAX: usize = 100;
/// Messages that one person hides from itself, in all conversations together.
pub const HIDDEN_PER_PERSON_MAX: usize = 10_000;
/// People that one message mentions.
pub const MENTIONS_PER_MESSAGE_MAX: usize = 50;
/// Unread mentions of a person that are told of one conversation, the newest ones.
pub const MENTIONS_SHOWN_MAX: usize = 100;
/// Threads that one person follows. With one more, the oldest of them is followed no longer.
pub const THREADS_FOLLOWED_MAX: usize = 500;
/// People that are named under a message with a thread, those who answered first.
pub const THREAD_PEOPLE_SHOWN_MAX: usize = 5;
/// Threads in one page of the list.
pub const THREADS_PAGE_MAX: usize = 20;

/// Characters of a search for messages.
pub const SEARCH_CHARS_MAX: usize = 200;
/// Words of a search for messages that count. A Chinese text has about one for each character.
pub const SEARCH_WORDS_MAX: usize = 16;
/// Messages in one page of a search.
pub const SEARCH_PAGE_MAX: usize = 50;
/// Messages that one page of a search looks at.
pub const SEARCH_LOOKED_AT_MAX: usize = 20_000;
/// Conversations of a person that a search names to the index. Of more than these, it looks at messages of all, and
/// leaves out those that the person may not see.
pub const SEARCH_CONVERSATIONS_MAX: usize = 64;
/// Milliseconds between two times that new messages are taken into the index of words.
pub const INDEX_EVERY_MS: u64 = 1_000;
/// Events of the log that are looked at for one write to the index of words.
pub const INDEX_PART_EVENTS: usize = 128;
/// Messages in one write to the index of words. A message takes some 50 µs of the store's thread, and sends wait for it.
pub const INDEX_PART_MESSAGES: usize = 16;
/// Writes to the index of words at one time. If the log has more, they go on after a pause.
pub const INDEX_PARTS_MAX: usize = 256;

/// Milliseconds within which receipts are folded into one event.
pub const RECEIPTS_FOLD_MS: u64 = 200;
/// Milliseconds after the last connection of a person until it counts as offline.
pub const PRESENCE_GRACE_MS: u64 = 8_000;
/// Milliseconds between two signs of life that a node gives to the others.
pub const NODE_ALIVE_MS: u64 = 2_000;
/// Other nodes whose people a node knows.
pub const NODES_MAX: usize = 1_024;
/// People of one other node whose presence a node knows.
pub const NODE_PEOPLE_MAX: usize = 100_000;
/// People of all other nodes together, one for each node where they are.
pub const PEOPLE_ELSEWHERE_MAX: usize = 1_000_000;
/// People whose presence is told anew when a whole node comes or goes; the others are seen with the next snapshot.
pub const PRESENCE_TOLD_MAX: usize = 1_000;
/// Members of a conversation up to which presence is told to all of them.
pub const PRESENCE_MEMBERS_MAX: usize = 200;
/// Conversations in which one change of a person's presence is told, the newest ones.
pub const PRESENCE_CONVERSATIONS_MAX: usize = 1_000;
/// Conversations in which presence is told at one time, when a whole node comes or goes.
pub const PRESENCE_TELLINGS_MAX: usize = 100_000;
/// Members of a conversation up to which each member's marks are told to all of them. In a larger one, a person's read
/// marks are told to its own devices, and nobody's delivered marks are kept.
pub const RECEIPTS_MEMBERS_MAX: usize = 200;
/// Members that a room may have.
pub const ROOM_MEMBERS_MAX: usize = 100_000;
/// Seconds for which a member of a room may be muted.
pub const MUTE_S: std::ops::RangeInclusive<u64> = 60..=31_622_400;
/// Muted members of one room, with those who left it meanwhile.
pub const MUTES_PER_ROOM_MAX: usize = 1_000;
/// People that one room bans.
pub const BANS_PER_ROOM_MAX: usize = 10_000;
/// Bans in one page.
pub const BANS_PAGE_MAX: usize = 100;
/// Entries of a room's audit trail. The oldest go first.
pub const AUDIT_ENTRIES_MAX: usize = 10_000;
/// Entries of an audit trail in one page.
pub const AUDIT_PAGE_MAX: usize = 100;
/// Seconds that an invite link may be good.
pub const LINK_S: std::ops::RangeInclusive<u64> = 60..=31_622_400;
/// People whom one invite link lets in.
pub const LINK_USES_MAX: usize = 10_000;
/// Invite links of one room that have not expired.
pub const LINKS_PER_ROOM_MAX: usize = 50;
/// People whom one person blocks.
pub const BLOCKS_PER_PERSON_MAX: usize = 500;
/// Conversations that stand above the others of one person.
pub const CONVERSATIONS_PINNED_MAX: usize = 50;
/// Folders of one person.
pub const FOLDERS_PER_PERSON_MAX: usize = 50;
/// Characters of a folder's name.
pub const FOLDER_CHARS_MAX: usize = 50;
/// Conversations in one page of a person's own settings.
pub const CHOICES_PAGE_MAX: usize = 500;
/// Characters of the reason of a report.
pub const REASON_CHARS_MAX: usize = 500;
/// Reports of one room that wait.
pub const REPORTS_PER_ROOM_MAX: usize = 1_000;
/// Reports that wait for the owners of a site.
pub const REPORTS_PER_SITE_MAX: usize = 10_000;
/// Reports in one page.
pub const REPORTS_PAGE_MAX: usize = 50;
/// Owners and moderators that are told of a report; the others see it in the list.
pub const REPORT_TOLD_MAX: usize = 20;
/// Characters of a room's topic.
pub const TOPIC_CHARS_MAX: usize = 250;
/// Members that a conversation shows without being asked for a page of them.
pub const MEMBERS_SHOWN_MAX: usize = 20;
/// Members in one page.
pub const MEMBERS_PAGE_MAX: usize = 200;
/// Members that one page of a search by name looks at.
pub const MEMBERS_SCANNED_MAX: usize = 2_000;
/// Guests in a room that lets them in by themselves.
pub const ROOM_GUESTS_MAX: usize = 100;
/// Conversations that a person may be in, with the threads that it follows. Each session follows all of them in the hub.
pub const CONVERSATIONS_PER_PERSON_MAX: usize = 10_000;
/// Conversations in the snapshot, and in one page of a person's conversations.
pub const CONVERSATIONS_PAGE_MAX: usize = 50;
/// Bytes of one page of conversations with its people. A single conversation that is larger has a page for itself.
pub const CONVERSATIONS_PAGE_BYTES_MAX: usize = 60 * 1024;
/// Bytes of facts about small conversations that are remembered at least, so that snapshots need not read them anew. At
/// most it is twice as much.
pub const CONVERSATION_FACTS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Conversations that one page of a search looks at.
pub const CONVERSATIONS_SCANNED_MAX: usize = 2_000;
/// Bytes of conversations, invitations and people in a snapshot, so that the whole answer stays below 64 KB.
pub const SNAPSHOT_BYTES_MAX: usize = 60 * 1024;
/// Bytes of invitations in a snapshot; the others come with the list of invitations.
pub const SNAPSHOT_INVITATIONS_BYTES_MAX: usize = 16 * 1024;
/// Conversations of a person up to which an ack looks at all of them. In more, it looks at those in which something
/// happened since the person's last ack.
pub const ACKED_CONVERSATIONS_MAX: usize = 1_000;
/// Events between two acks of a person with many conversations, up to which only these events are looked at.
pub const ACKED_EVENTS_MAX: usize = 1_000;
/// People with many conversations whose last ack is remembered at least.
pub const ACKED_PEOPLE_MAX: usize = 1_024;
/// Streams in the lists of what people follow that are remembered at least. A list counts as 64 or more. As many of the
/// shortest lists as this allows are seven eighths of a power of two, which is what fills a hash table.
pub const FOLLOW_LISTS_STREAMS_MAX: usize = 229_376;

/// Rooms that others may bring a person into without being asked, as long as it has not looked at them. Below
/// [`CONVERSATIONS_PER_PERSON_MAX`] by far, so that others never use up a person's conversations.
pub const ROOMS_BY_OTHERS_MAX: usize = 100;
/// Invitations of one person that wait for an answer; a further one takes the place of the oldest.
pub const INVITATIONS_PER_PERSON_MAX: usize = 100;
/// Invitations by one inviter that wait for the answer of one person.
pub const INVITATIONS_PER_INVITER_MAX: usize = 10;
/// Open rooms in one answer.
pub const ROOMS_PAGE_MAX: usize = 200;

/// Bytes of a password, at least and at most.
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=256;
/// Characters of a name to sign in with.
pub const NAME_CHARS_MAX: usize = 64;
/// Characters of a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;
/// Characters of a room's title.
pub const TITLE_CHARS_MAX: usize = 100;
/// Set-up codes of a site that are good at one time: each start of a node makes one, until there is an owner.
pub const SETUP_CODES_MAX: usize = 16;
/// Passwords being hashed at one time; each takes some 20 MB.
pub const HASHING_MAX: usize = 2;
/// Passwords waiting to be hashed.
pub const HASHING_WAITING_MAX: usize = 64;
/// Sign-ins in a minute for one name from one address.
pub const SIGN_INS_PER_NAME_AND_ADDRESS_PER_MIN: u32 = 10;
/// Sign-ins in a minute for one name from all addresses together, known devices not counted.
pub const SIGN_INS_PER_NAME_PER_MIN: u32 = 60;
/// Sign-ins in a minute from one address, known devices not counted.
pub const SIGN_INS_PER_ADDRESS_PER_MIN: u32 = 30;
/// Sign-ins in a minute for one name from one device on which that name has signed in before.
pub const SIGN_INS_PER_DEVICE_PER_MIN: u32 = 10;
/// Guesses in a minute of the password of a person who is signed in already.
pub const PASSWORD_GUESSES_PER_MIN: u32 = 10;
/// Names, addresses or devices whose tries are counted at least; of more, the oldest are forgotten.
pub const TRIES_COUNTED_MAX: usize = 20_000;
/// People that one browser is known to have been signed in as.
pub const DEVICE_PEOPLE_MAX: usize = 4;
/// Entries in a minute from one address by a form without a password: a small site's whole office behind one address.
pub const ENTRIES_PER_ADDRESS_PER_MIN: u32 = 600;
/// Milliseconds that a session lives after its last use.
pub const SESSION_AGE_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// Seconds after which a token may expire, if it expires at all.
pub const TOKEN_AGE_S: std::ops::RangeInclusive<u64> = 60..=10 * 365 * 24 * 60 * 60;
/// People whose quotas are counted. Beyond this the one who did nothing for longest is forgotten.
pub const QUOTAS_MAX: usize = 65_536;
/// Messages that a member may send in a minute.
pub const MESSAGES_PER_MIN: u64 = 3_600;
/// Messages that a member may send at once, after a pause.
pub const MESSAGES_AT_ONCE: u64 = 2_000;
/// Bytes of messages that a member may send in a minute.
pub const MESSAGE_BYTES_PER_MIN: u64 = 60 * 1024 * 1024;
/// Bytes of messages that a member may send at once, after a pause.
pub const MESSAGE_BYTES_AT_ONCE: u64 = 32 * 1024 * 1024;
/// Signals (typing, presence, marks) that a member may send in a minute.
pub const SIGNALS_PER_MIN: u64 = 3_600;
/// Signals (typing, presence, marks) that a member may send at once, after a pause.
pub const SIGNALS_AT_ONCE: u64 = 600;
/// Tickets that a member may take in a minute.
pub const TICKETS_PER_MIN: u64 = 600;
/// Tickets that a member may take at once, after a pause.
pub const TICKETS_AT_ONCE: u64 = 200;
/// Conversations, invitations and channels that a member may make in a minute.
pub const CREATIONS_PER_MIN: u64 = 30;
/// Conversations, invitations and channels that a member may make at once, after a pause.
pub const CREATIONS_AT_ONCE: u64 = 300;
/// Snapshots, pages of history, lists and searches that a member may read in a minute.
pub const READS_PER_MIN: u64 = 1_200;
/// Snapshots, pages of history, lists and searches that a member may read at once, after a pause.
pub const READS_AT_ONCE: u64 = 600;
/// Milliseconds at most for which a connection is not read after a quota refused what came on it.
pub const REFUSED_PAUSE_MS: u64 = 250;
/// Milliseconds that a ticket lives.
pub const TICKET_AGE_MS: u64 = 10_000;
/// Tickets that are not used yet; a further one takes the place of the oldest.
pub const TICKETS_MAX: usize = 100_000;
/// Tickets of one person that are not used yet; a further one takes the place of its oldest.
pub const TICKETS_PER_PERSON_MAX: usize = 100;
/// Bytes of HTML that classic pages' boards remember, as it was written and as it was made safe.
pub const CLASSIC_HTML_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Tags of a text that is read as HTML; one that has more is shown as the text that it is.
pub const CLASSIC_TAGS_MAX: usize = 256;
/// Texts that are made safe anew for one answer of a board; the rest comes with the next one.
pub const CLASSIC_CLEANED_MAX: usize = 64;

/// Seconds for which a browser that came over HTTPS goes nowhere else for this host (HSTS): 180 days.
pub const HSTS_AGE_S: u64 = 180 * 24 * 60 * 60;
}
