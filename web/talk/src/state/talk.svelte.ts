import type {
  Conversation,
  ConnectionState,
  EnckeClient,
  FeedEvent,
  Outgoing,
  Person,
  Signal,
  Snapshot,
} from '@encke/sdk';
import { Drafts, type TextStorage } from '../model/drafts';
import { Idle } from '../model/idle';
import { lineOnNews, lineOnOpening, markToSend, type Attention } from '../model/reading';
import { conversationInHash, hashOf } from '../model/route';
import { expired, nobodyTyping, typingIn, withoutTyping, withTyping, type Typing } from '../model/typing';
import { TypingSender, type Clock } from '../model/typing-sender';
import { sorted, found, titleOf } from '../model/directory';
import * as worlds from '../model/world';
import type { World } from '../model/world';
import { Threads } from './threads.svelte';

const clock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

export interface SessionOptions {
  readonly client: EnckeClient;
  readonly person: string;
  readonly storage: TextStorage;
  readonly revoked: () => void;
  readonly refused: (error: { code: string; message: string; retry: boolean }) => void;
}

/**
 * One signed-in person on this page: the client's events go into the models, the models into reactive state.
 * Rules are the models'; this file only says what follows what.
 */
export class Session {
  readonly client: EnckeClient;
  readonly drafts: Drafts;
  readonly threads: Threads;
  readonly typingSender: TypingSender;

  /** Null until the first snapshot. */
  world: World | null = $state.raw(null);
  connection: ConnectionState = $state.raw({
    phase: 'stopped',
    transport: null,
    retryAt: null,
    leader: false,
    lastError: null,
  });
  outgoing: readonly Outgoing[] = $state.raw([]);
  typing: Typing = $state.raw(nobodyTyping);
  openId: string | null = $state(null);
  /** The line "new messages" in the open thread stands after this seq. */
  line: number | null = $state(null);
  attention: Attention = $state.raw({ visible: true, focused: true, atNewest: false });
  details = $state(false);
  query = $state('');
  /** What a screen reader is to say; the views show it nowhere. */
  heard: { readonly event: FeedEvent } | null = $state.raw(null);
  /** Raised by every draft that is kept, so that previews follow. */
  draftsKept = $state(0);

  readonly list: Conversation[] = $derived(
    this.world === null ? [] : sorted(this.world.conversations.values()),
  );
  readonly open: Conversation | null = $derived(this.world?.conversations.get(this.openId ?? '') ?? null);

  readonly #idle: Idle;
  readonly #undo: (() => void)[] = [];
  #forgetting: () => void = () => undefined;

  constructor(private readonly options: SessionOptions) {
    const { client } = options;
    this.client = client;
    this.drafts = new Drafts(options.storage, options.person);
    this.threads = new Threads(
      client.api,
      (id) => this.world?.conversations.get(id)?.head_seq ?? 0,
      (persons) => this.learn(persons),
    );
    this.typingSender = new TypingSender(clock, (conversation, on) => client.typing(conversation, on));
    this.#idle = new Idle(clock, (state) => client.presence(state));
  }

  start(): void {
    const { client } = this;
    this.openId = conversationInHash(location.hash);
    this.#undo.push(
      client.on('state', (state) => (this.connection = state)),
      client.on('snapshot', (snapshot) => this.#took(snapshot)),
      client.on('event', (event) => this.#happened(event)),
      client.on('signal', (signal) => this.#signalled(signal)),
      client.on('outgoing', (outgoing) => (this.outgoing = [...outgoing])),
      client.on('revoked', () => this.options.revoked()),
      client.on('error', (error) => this.options.refused(error)),
    );
    this.outgoing = [...client.outgoing];
    this.connection = client.state;
    client.start();
  }

  stop(): void {
    this.#forgetting();
    for (const undo of this.#undo) undo();
    this.client.stop();
  }

  // What the person does

  show(id: string | null): void {
    if (id === this.openId) return;
    const before = this.openId;
    if (before !== null) this.threads.left(before);
    this.typingSender.stopped();
    this.openId = id;
    this.details = false;
    this.attention = { ...this.attention, atNewest: false };
    this.#address(id);
    this.#enter();
  }

  /** A conversation is a step that the browser's Back undoes; going back to the list is none. */
  #address(id: string | null): void {
    if (location.hash === hashOf(id)) return;
    if (id === null) history.replaceState(null, '', hashOf(id));
    else location.hash = hashOf(id);
  }

  followAddress(): void {
    this.show(conversationInHash(location.hash));
  }

  send(text: string): void {
    if (this.openId === null) return;
    this.typingSender.sent();
    this.line = null;
    this.client.send(this.openId, text.trim());
    this.keepDraft(this.openId, '');
  }

  keepDraft(conversation: string, text: string): void {
    this.drafts.set(conversation, text);
    this.draftsKept += 1;
  }

  /** Sends the read mark if the person is looking at the newest; called whenever attention or the thread changes. */
  readIfSeen(): void {
    const { open, world } = this;
    if (open === null || world === null || !this.threads.get(open.id).loaded) return;
    const mark = markToSend(this.attention, open.head_seq, open.read_seq, worlds.seenSeq(open));
    if (mark === null) return;
    this.client.read(open.id, mark);
    this.world = worlds.markRead(world, open.id, mark);
  }

  pageSeen(visible: boolean, focused: boolean): void {
    this.attention = { ...this.attention, visible, focused };
    if (visible) this.#idle.visible();
    else this.#idle.hidden();
  }

  atNewest(atNewest: boolean): void {
    if (this.attention.atNewest !== atNewest) this.attention = { ...this.attention, atNewest };
  }

  /** An answer of the server's brought a conversation before the feed did. */
  entered(conversation: Conversation, persons: readonly Person[]): void {
    if (this.world === null) return;
    this.world = worlds.withConversation(worlds.learn(this.world, persons), conversation);
    this.show(conversation.id);
  }

  /** An invitation was answered, or is no longer good. */
  answered(conversation: string): void {
    if (this.world !== null) this.world = worlds.withoutInvitation(this.world, conversation);
  }

  learn(persons: readonly Person[]): void {
    if (this.world !== null && persons.length > 0) this.world = worlds.learn(this.world, persons);
  }

  named(site_name: string): void {
    if (this.world !== null) this.world = worlds.withSite(this.world, site_name);
  }

  found(unknown: string): Conversation[] {
    const { world } = this;
    return world === null
      ? []
      : found(this.list, this.query, (conversation) => titleOf(conversation, world, unknown));
  }

  typingHere(conversation: string): string[] {
    return typingIn(this.typing, conversation, this.options.person);
  }

  // What the server says

  #took(snapshot: Snapshot): void {
    this.world = worlds.fromSnapshot(snapshot, this.world ?? undefined);
    this.threads.clear();
    this.#enter();
  }

  #enter(): void {
    const { open } = this;
    this.line = open === null ? null : lineOnOpening(worlds.seenSeq(open), open.unread);
    if (open !== null) void this.threads.open(open.id, open.unread);
  }

  #happened(event: FeedEvent): void {
    if (this.world === null) return;
    const known = this.world.conversations.get(event.stream);
    const own = event.from === this.options.person;
    this.world = worlds.applyEvent(this.world, event);
    if (event.kind === 'conversation_removed') this.threads.drop(event.body.conversation);
    if (event.kind === 'conversation_added' && event.body.conversation.id === this.openId) this.#enter();
    if (known === undefined || event.seq <= known.head_seq) return;
    this.threads.add(event);
    if (event.kind === 'message' && event.from !== undefined)
      this.typing = withoutTyping(this.typing, event.stream, event.from);
    if (event.stream !== this.openId || own) return;
    this.line = lineOnNews(this.line, this.attention, event.seq - 1);
    this.heard = { event };
  }

  #signalled(signal: Signal): void {
    if (signal.kind === 'presence') {
      if (this.world !== null) this.world = worlds.withPresence(this.world, signal.from, signal.body.state);
      return;
    }
    this.typing = withTyping(this.typing, signal, clock.now());
    this.#forget();
  }

  #forget(): void {
    this.#forgetting();
    const { typing, nextAt } = expired(this.typing, clock.now());
    this.typing = typing;
    if (nextAt !== null) this.#forgetting = clock.after(nextAt - clock.now(), () => this.#forget());
  }
}
