import type {
  Conversation,
  ConversationPage,
  EnckeClient,
  FeedEvent,
  MessageEvent,
  Outgoing,
  Person,
  Signal,
  SendOptions,
  Snapshot,
} from '@encke/sdk';
import { browserClock as clock, formatOf, type Format, type Locale, type Mentioned } from '@encke/ui/plain';
import { mentionedName } from '../i18n/describe';
import { vocabulary, type Words } from '../i18n/words';
import { threadsIn, type Beside } from '../model/answers';
import { titleOf } from '../model/directory';
import { Drafts } from '../model/drafts';
import { conversationOf } from '../model/held';
import { FurtherInvitations } from '../model/invitations';
import { Lookups } from '../model/lookups';
import { Recalls } from '../model/recalls';
import { lineOnNews, lineOnOpening, markToSend, type Attention } from '../model/reading';
import { TypingSender } from '../model/typing-sender';
import { nextMention } from '../model/unread';
import * as worlds from '../model/world';
import { ConversationList } from './conversation-list.svelte';
import { Hiding } from './hiding.svelte';
import type { Keeping } from './keeping.svelte';
import { type TalkOptions } from './options';
import { Polls } from './polls.svelte';
import { Quotes } from './quotes.svelte';
import { RecentEmoji } from './recent-emoji.svelte';
import { Recounting } from './recounting';
import { TalkFiles } from './talk-files.svelte';
import { Threads } from './threads.svelte';
import { Typists } from './typists.svelte';

/**
 * The conversations of one signed-in person on this page: the client's events go into the models, the models into reactive
 * state. The rules are the models'; this file only says what follows what.
 */
export class Talk {
  readonly client: EnckeClient;
  readonly drafts: Drafts;
  readonly threads: Threads;
  readonly quotes: Quotes;
  readonly recalls: Recalls;
  readonly hiding = new Hiding();
  readonly polls = new Polls();
  readonly emoji: RecentEmoji;
  readonly list: ConversationList;
  readonly files = new TalkFiles();
  readonly typingSender: TypingSender;
  readonly #typists: Typists;

  /** What the person keeps for itself; null until it is loaded, which is after the first sight. */
  keeping: Keeping | null = $state.raw(null);
  /** The last one that came, for what is loaded later. */
  snapshot: Snapshot | null = null;
  /** Null until the first snapshot. */
  world: worlds.World | null = $state.raw(null);
  outgoing: readonly Outgoing[] = $state.raw([]);
  openId: string | null = $state(null);
  /** The conversation beside the open one that has the focus. */
  besideId: string | null = $state(null);
  /** Whether this person is not in the conversation that was to be shown. */
  absent = $state(false);
  /** The line "new messages" in the open thread stands after this seq. */
  line: number | null = $state(null);
  attention: Attention = $state.raw({ visible: true, focused: true, atNewest: false });
  /** The event that a screen reader is to announce. No view shows it. */
  heard: { readonly event: FeedEvent } | null = $state.raw(null);
  /** The event that somebody asked to see: the thread scrolls to it and marks it. Each asking is an object of its own. */
  target: { readonly conversation: string; readonly seq: number } | null = $state.raw(null);
  /** The own message that is being written anew, with its text as the log has it. */
  editing: { readonly conversation: string; readonly seq: number; readonly text: string } | null =
    $state.raw(null);
  /** The thread beside the open conversation. */
  beside: Beside | null = $state.raw(null);
  /** The message whose earlier texts are shown. */
  history: { readonly conversation: string; readonly seq: number } | null = $state.raw(null);
  /** The message that is being reported. */
  reporting: { readonly conversation: string; readonly seq: number } | null = $state.raw(null);
  /** The message that is to be sent on, with its text as one reads it. */
  forwarding: { readonly conversation: string; readonly event: MessageEvent; readonly text: string } | null =
    $state.raw(null);
  /** The date from which another one is being chosen; null while none is. */
  dateAsked: { readonly conversation: string; readonly at: number } | null = $state.raw(null);
  /** Raised by every draft that is kept, so that previews follow. */
  draftsKept = $state(0);
  /** Raised by every draft that came from elsewhere, so that its composer follows. */
  draftsFilled = $state(0);

  /** The messages whose recall waits, by `recallKey`. */
  recalling: ReadonlySet<string> = $state.raw(new Set());

  readonly open: Conversation | null = $derived(this.world?.conversations.get(this.openId ?? '') ?? null);

  readonly #undo: (() => void)[] = [];
  readonly #lookups: Lookups;
  readonly #invitations: FurtherInvitations;
  readonly #recounting: Recounting;
  #snapshots = 0;
  /** The event that is to be shown once its conversation is known. */
  #wanted: { readonly conversation: string; readonly seq: number } | null = null;

  constructor(readonly options: TalkOptions) {
    const { client } = options;
    this.client = client;
    this.drafts = new Drafts(options.storage, options.person);
    this.emoji = new RecentEmoji(options.storage, client);
    this.#typists = new Typists(clock, options.person);
    this.threads = new Threads(
      client.api,
      (id) => this.world?.conversations.get(id)?.head_seq ?? 0,
      (persons) => this.learn(persons),
      (id, seqs) => this.hiding.learn(id, seqs),
      options.person,
    );
    this.quotes = new Quotes(this.threads, this.hiding);
    this.recalls = new Recalls({
      api: client.api,
      clock,
      storage: options.storage,
      person: options.person,
      offer: (run) => options.offer(this.words.message.recalling, { label: this.words.message.undo, run }),
      refused: (error) => void options.attempt(() => Promise.reject(error)),
      changed: (waiting) => (this.recalling = waiting),
    });
    this.#lookups = new Lookups({
      api: client.api,
      clock,
      knows: (id) => this.world?.conversations.has(id) === true,
      came: (conversations, people, held) => this.#came(conversations, people, held),
      refused: (id) => this.#isAbsent(id),
    });
    this.#recounting = new Recounting({
      api: client.api,
      clock,
      world: () => this.world,
      snapshots: () => this.#snapshots,
      counted: (world) => (this.world = world),
    });
    this.#invitations = new FurtherInvitations({
      api: client.api,
      clock,
      came: (invitations) => {
        if (this.world !== null) this.world = worlds.withInvitations(this.world, invitations);
      },
    });
    this.list = new ConversationList({
      clock,
      world: () => this.world,
      openId: () => this.openId,
      title: (conversation) => this.titleOf(conversation),
      page: (query) => this.#lookups.page(query),
    });
    this.typingSender = new TypingSender(clock, (conversation, on) => client.typing(conversation, on));
  }

  get words(): Words {
    return vocabulary.in(this.options.choices().language);
  }

  get format(): Format {
    return formatOf(this.options.choices().language);
  }

  get language(): Locale {
    return this.options.choices().language;
  }

  get ctrlEnter(): boolean {
    return this.options.choices().ctrlEnter;
  }

  /** Subscribes to the client, with this conversation on screen, or none. Whoever made the client starts it afterwards. */
  start(openId: string | null): void {
    const { client } = this;
    this.openId = openId;
    this.#undo.push(
      client.on('snapshot', (snapshot) => this.#took(snapshot)),
      client.on('event', (event) => this.#happened(event)),
      client.on('signal', (signal) => this.#signalled(signal)),
      client.on('outgoing', (outgoing) => (this.outgoing = [...outgoing])),
    );
    this.outgoing = [...client.outgoing];
    this.recalls.start();
  }

  /** The page is left, or the person is about to sign out: what waits is sent. */
  leave(): Promise<void> {
    this.keeping?.leave();
    return this.recalls.leave();
  }

  /** On sign-out: nothing of a person stays on the device. */
  forget(): void {
    this.drafts.forget();
    this.recalls.forget();
  }

  stop(): void {
    this.keeping?.stop();
    this.#typists.stop();
    this.recalls.stop();
    this.#recounting.stop();
    this.#lookups.clear();
    this.#invitations.stop();
    this.list.stop();
    this.files.attaching?.stop();
    for (const undo of this.#undo) undo();
  }

  // What the person does

  show(id: string | null): void {
    if (id === this.openId) return;
    const before = this.openId;
    if (before !== null) this.threads.left(before);
    this.typingSender.stopped();
    this.openId = id;
    this.beside = null;
    this.target = null;
    this.editing = null;
    this.reporting = null;
    this.polls.making = null;
    this.files.large = null;
    this.#wanted = null;
    this.attention = { ...this.attention, atNewest: false };
    this.options.shown(id);
    this.keeping?.shown(id);
    this.#enter();
  }

  /** Shows an event of a conversation, however far back. A number that no event has is the nearest one. */
  async jump(conversation: string, seq: number): Promise<void> {
    const parent = this.world?.conversations.get(conversation)?.parent;
    if (parent !== undefined) return this.showThread(parent, conversation, seq);
    this.show(conversation);
    this.#wanted = { conversation, seq };
    await this.#reach();
  }

  /** Shows the thread of a message beside it, and one of its answers if there is a number. */
  showThread(parent: Beside['parent'], thread: string | null = null, seq: number | null = null): void {
    this.show(parent.conversation);
    const known = this.threads.amended(parent.conversation).get(parent.message)?.thread?.id;
    this.beside = { parent, thread: thread ?? known ?? null, seq };
  }

  /** Shows the next unread message that mentions the person, wherever it is. */
  async nextMention(): Promise<void> {
    const shown = this.target?.conversation === this.openId ? (this.target?.seq ?? 0) : 0;
    const next = this.world === null ? null : nextMention(this.world, this.openId, shown);
    if (next === null) this.notify(this.words.thread.noMention);
    else await this.jump(next.conversation, next.seq);
  }

  /** Asks for a date to jump to; a day of the thread is where it begins. */
  askDate(at: number = clock.now(), conversation = this.openId): void {
    if (conversation !== null) this.dateAsked = { conversation, at };
  }

  /** Shows the first event of a conversation at or after a time, where the conversation is shown. */
  async jumpTo(id: string, at: number): Promise<void> {
    // A thread begins with an event that nobody sees.
    const seq = Math.max(id === this.openId ? 1 : 2, await this.threads.at(id, at));
    if (id === this.openId) await this.jump(id, seq);
    else if (await this.threads.around(id, seq)) this.target = { conversation: id, seq };
  }

  /** Goes on to the event that is wanted, once its conversation is known. */
  async #reach(): Promise<void> {
    const wanted = this.#wanted;
    const { open } = this;
    if (wanted === null || open === null || open.id !== wanted.conversation) return;
    const seq = Math.max(1, Math.min(wanted.seq, open.head_seq));
    if (open.parent !== undefined) return this.showThread(open.parent, open.id, wanted.seq);
    await this.threads.open(open.id, open.unread);
    // While the conversation is still being opened, this is called again when it is.
    if (this.#wanted !== wanted || !this.threads.get(open.id).loaded) return;
    this.#wanted = null;
    if ((await this.threads.around(open.id, seq)) && this.openId === open.id)
      this.target = { conversation: open.id, seq };
  }

  /** The message that the draft of a conversation answers. */
  replyTo(conversation: string): number | null {
    return this.draftsKept >= 0 ? this.drafts.replyTo(conversation) : null;
  }

  /** The next message of a conversation is to answer this one, or none (null). */
  reply(conversation: string, seq: number | null): void {
    this.editing = null;
    this.keepDraft(conversation, this.drafts.get(conversation), seq);
  }

  send(text: string, options: SendOptions = {}, conversation: string | null = this.openId): void {
    if (conversation === null) return;
    const replyTo = this.replyTo(conversation) ?? undefined;
    this.threads.newest(conversation);
    this.target = null;
    this.typingSender.sent();
    if (conversation === this.openId) this.line = null;
    const clearDraft = this.keeping?.drafts.sent(conversation) ?? true; // The server may have one.
    const all = { replyTo, clearDraft, ...options };
    if (this.files.attaching?.takes(conversation, text.trim(), all) !== true)
      this.client.send(conversation, text.trim(), all);
    this.editing = null;
    this.keepDraft(conversation, '', null);
  }

  keepDraft(conversation: string, text: string, replyTo = this.drafts.replyTo(conversation)): void {
    this.drafts.set(conversation, text, replyTo);
    this.draftsKept += 1;
    this.keeping?.typed(conversation);
  }

  /** Sends the read mark if the person is looking at the newest; called whenever attention or the thread changes. */
  readIfSeen(open: Conversation | null = this.open, attention: Attention = this.attention): void {
    const { world } = this;
    if (open === null || world === null || !this.threads.get(open.id).loaded) return;
    const mark = markToSend(attention, open.head_seq, open.read_seq, worlds.seenSeq(open));
    if (mark === null) return;
    this.client.read(open.id, mark);
    this.world = worlds.markRead(world, open.id, mark);
  }

  pageSeen(visible: boolean, focused: boolean): void {
    this.attention = { ...this.attention, visible, focused };
    this.keeping?.seen(visible && focused);
  }

  atNewest(atNewest: boolean): void {
    if (this.attention.atNewest !== atNewest) this.attention = { ...this.attention, atNewest };
  }

  /** An answer of the server's brought a conversation before the feed did. */
  entered(conversation: Conversation, persons: readonly Person[]): void {
    if (this.world === null) return;
    this.hiding.came([conversation]);
    const held = this.#lookups.taken(conversation.id);
    this.world = worlds.withConversation(worlds.learn(this.world, persons), conversation, held);
    this.show(conversation.id);
  }

  /** Conversations that a search by name has found. */
  cameByName({ conversations, people }: Pick<ConversationPage, 'conversations' | 'people'>): void {
    this.#came(conversations, people, (id) => this.#lookups.taken(id));
  }

  /** An invitation was answered, or is no longer good. */
  answered(conversation: string): void {
    this.#invitations.gone(conversation);
    if (this.world !== null) this.world = worlds.withoutInvitation(this.world, conversation);
  }

  learn(persons: readonly Person[]): void {
    if (this.world !== null && persons.length > 0) this.world = worlds.learn(this.world, persons);
  }

  /** A conversation is about to be shown somewhere; one that is not known is asked for. */
  look(conversation: string): void {
    this.#lookups.want(conversation);
  }

  named(site_name: string): void {
    if (this.world !== null) this.world = worlds.withSite(this.world, site_name);
  }

  titleOf(conversation: Conversation): string {
    const unknown = this.words.unknownConversation;
    return this.world === null ? unknown : titleOf(conversation, this.world, unknown);
  }

  /** What stands in a message for somebody who is called in it. */
  readonly mentioned: Mentioned = (person) => ({
    name: mentionedName(this.world, person, this.words),
    me: person === 'all' || person === this.options.person,
  });

  notify(text: string): void {
    this.options.notify(text);
  }

  /** Runs what the server may refuse, and says so if it does. */
  attempt(action: () => Promise<void>): Promise<boolean> {
    return this.options.attempt(action);
  }

  typingHere(conversation: string): string[] {
    return this.#typists.in(conversation);
  }

  // What the server says

  #took(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.world = worlds.fromSnapshot(snapshot, this.world ?? undefined);
    this.#snapshots += 1;
    this.threads.clear();
    this.hiding.took(snapshot.conversations);
    this.quotes.clear();
    this.recalls.took();
    this.#lookups.clear();
    this.#invitations.took(snapshot);
    this.list.took(snapshot);
    for (const id of snapshot.pinned) this.look(id);
    if (snapshot.threads.messages > 0) void this.#lookups.unreadThreads();
    this.#enter();
  }

  /** Pages, and conversations that were asked for. */
  #came(
    conversations: readonly Conversation[],
    people: readonly Person[],
    held: (id: string) => readonly FeedEvent[],
  ): void {
    const before = this.world;
    if (before === null) return;
    this.hiding.came(conversations);
    let world = worlds.learn(before, people);
    for (const each of conversations) world = worlds.withConversation(world, each, held(each.id));
    this.world = world;
    this.#recounting.stepped(before);
    const opened = this.openId !== null && !before.conversations.has(this.openId);
    if (opened && world.conversations.has(this.openId ?? '')) this.#enter();
  }

  #isAbsent(id: string): void {
    if (id === this.openId) this.absent = true;
  }

  #enter(): void {
    const { open } = this;
    this.absent = false;
    // The address of a thread leads to the message that it belongs to.
    if (open?.parent !== undefined) return this.showThread(open.parent, open.id, this.#wanted?.seq ?? null);
    if (open === null && this.openId !== null && this.world !== null) this.#lookups.want(this.openId);
    this.line = open === null ? null : lineOnOpening(worlds.seenSeq(open), open.unread);
    if (open !== null) void this.threads.open(open.id, open.unread).then(() => this.#reach());
  }

  #happened(event: FeedEvent): void {
    const before = this.world;
    if (before === null) return;
    const id = conversationOf(event);
    const known = id === null ? undefined : before.conversations.get(id);
    this.world = worlds.applyEvent(before, event);
    this.#recounting.stepped(before);
    this.threads.amend(event);
    this.quotes.happened(event);
    this.hiding.happened(event);
    this.recalls.happened(event);
    if (event.kind === 'reported') this.options.reported(event.body.conversation);
    if (event.kind === 'invitation_gone') return this.#invitations.gone(event.body.conversation);
    if (event.kind === 'conversation_removed') return this.#removed(event.body.conversation, before);
    if (event.kind === 'conversation_added') return this.#added(event.body.conversation.id);
    if (event.kind === 'thread_followed')
      return event.body.on ? this.#lookups.want(event.body.thread) : undefined;
    if (id !== null && known === undefined) {
      this.#lookups.hold(id, event);
      if (event.kind === 'choices_changed' && event.body.choices.pinned) this.look(id);
      return;
    }
    if (known === undefined || event.stream !== id || event.seq <= known.head_seq) return;
    this.threads.add(event);
    if (event.kind === 'message' && event.from !== undefined) this.#typists.said(event.stream, event.from);
    if (event.from === this.options.person) return;
    if (event.kind === 'message') this.options.came(event);
    if (event.stream === (this.besideId ?? this.openId)) this.heard = { event };
    if (event.stream === this.openId) this.line = lineOnNews(this.line, this.attention, event.seq - 1);
  }

  #added(id: string): void {
    this.#lookups.added(id);
    if (id === this.openId) this.#enter();
  }

  #removed(id: string, before: worlds.World): void {
    // Its threads are gone with it.
    for (const gone of [id, ...threadsIn(before, id)]) {
      this.#lookups.removed(gone);
      this.threads.drop(gone);
      this.files.attaching?.forget(gone);
    }
    if (this.beside?.parent.conversation === id) this.beside = null;
    this.#isAbsent(id);
  }

  #signalled(signal: Signal): void {
    if (signal.kind === 'presence') {
      if (this.world !== null) this.world = worlds.withPresence(this.world, signal.from, signal.body.state);
      return;
    }
    if (signal.kind === 'typing') this.#typists.signalled(signal);
  }
}
