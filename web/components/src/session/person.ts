/*
 * The person that a page has signed in at one server: the client, everything that is known, and who wants to hear of changes. All
 * elements of a page with the same server and the same source of tokens share one, and so one connection.
 */
import { ApiError, type ConnectionState, type FeedEvent, type MessageEvent, type Outgoing } from '@encke/sdk';
import type { Conversation, ConversationPage, OneConversation, Person, Signal, Snapshot } from '@encke/sdk';
import { LeanClient } from '@encke/sdk/lean';
import { conversationOf, Lookups, Pictures, TypingSender, worlds, type World } from '@encke/talk/plain';
import { browserClock } from '@encke/ui/plain';
import { Histories } from './histories';
import { askedOf, byAddress, SignedOut, type GetToken } from './token';
import { Typists } from './typists';

/** `replaced`: somebody else is signed in at the site by now, so that nothing of this is to be shown any more. */
export type Phase = 'connecting' | 'ready' | 'signed-out' | 'failed' | 'replaced';

/** The pauses between tries to get a token. */
const pauseMsMin = 1_000;
const pauseMsMax = 30_000;

export interface Where {
  readonly server: string;
  readonly tokenUrl: string | null;
  readonly getToken: GetToken | null;
}

export class SignedIn {
  readonly where: Where;
  readonly histories: Histories;
  readonly pictures: Pictures;
  readonly typing: TypingSender;
  /** Null until the first snapshot. */
  world: World | null = null;
  phase: Phase = 'connecting';
  /** Why it is not ready, for whoever reads the page's events. */
  problem: ApiError | null = null;
  /** Whether the site's back end has not answered with a token yet. */
  tokenless = false;
  /** Where the next page of conversations begins; null after the last. */
  before: string | null = null;
  /** Conversations that are not there for this person. */
  readonly absent = new Set<string>();
  readonly client: LeanClient;
  readonly #getToken: GetToken | null;
  readonly #typists: Typists;
  readonly #lookups: Lookups;
  readonly #heard = new Set<() => void>();
  readonly #listeners = new Set<(event: MessageEvent) => void>();
  #token: string | null = null;
  /** Whether the token in use has opened a connection. One that never did is not worth asking for another. */
  #proven = false;
  #failures = 0;
  #later: () => void = () => undefined;
  #telling = false;
  #ended = false;

  constructor(where: Where) {
    this.where = where;
    this.#getToken = where.getToken ?? (where.tokenUrl === null ? null : byAddress(where.tokenUrl));
    this.client = new LeanClient({ baseUrl: where.server });
    const changed = () => this.#changed();
    this.#typists = new Typists(changed);
    this.pictures = new Pictures(() => this.#token, where.server, this.#getToken === null);
    this.typing = new TypingSender(browserClock, (id, on) => this.client.typing(id, on));
    this.histories = new Histories({
      page: (id, query) => this.client.api.history(id, query),
      headOf: (id) => this.world?.conversations.get(id)?.head_seq ?? 0,
      learn: (people) => this.#learn(people),
      me: () => this.me,
      changed,
    });
    const { api } = this.client;
    this.#lookups = new Lookups({
      api: {
        conversation: (id) => api.call<OneConversation>('GET', `/v1/conversations/${encodeURIComponent(id)}`),
        conversations: () => api.call<ConversationPage>('GET', '/v1/conversations'),
        // Nothing here asks for threads.
        threads: () => Promise.reject(ApiError.local('stopped', '', false)),
      },
      clock: browserClock,
      knows: (id) => this.world?.conversations.has(id) === true,
      came: (conversations, people, held) => this.#came(conversations, people, held),
      refused: (id) => {
        this.absent.add(id);
        changed();
      },
    });
    this.client.on('snapshot', (snapshot) => this.#took(snapshot));
    this.client.on('event', (event) => this.#happened(event));
    this.client.on('signal', (signal) => this.#signalled(signal));
    this.client.on('outgoing', changed);
    this.client.on('state', ({ phase }) => {
      if (phase === 'live') this.#proven = true;
      changed();
    });
    this.client.on('revoked', () => this.#revoked());
    this.client.on('error', (error) => this.#failed(error));
  }

  get me(): string {
    return this.world?.me.id ?? '';
  }

  get token(): string | null {
    return this.#token;
  }

  get connection(): ConnectionState {
    return this.client.state;
  }

  get outgoing(): readonly Outgoing[] {
    return this.client.outgoing;
  }

  get unread(): number {
    let unread = this.world?.unreadElsewhere ?? 0;
    for (const each of this.world?.conversations.values() ?? [])
      if (each.parent === undefined) unread += each.unread;
    return unread;
  }

  /** Hears of every change, once for many that come together. Answers how to stop. */
  onChange(changed: () => void): () => void {
    this.#heard.add(changed);
    return () => this.#heard.delete(changed);
  }

  /** Hears the messages of others as they come. */
  onMessage(came: (event: MessageEvent) => void): () => void {
    this.#listeners.add(came);
    return () => this.#listeners.delete(came);
  }

  start(): void {
    this.#ended = false;
    void this.#signIn();
  }

  stop(): void {
    this.#ended = true;
    this.#later();
    this.#typists.stop();
    this.#lookups.clear();
    this.client.stop();
  }

  /** After `signed-out` or `failed`: asks the site's back end once more. */
  again(): void {
    this.#failures = 0;
    this.phase = 'connecting';
    this.#changed();
    void this.#signIn();
  }

  /** A conversation is to be shown. */
  async show(id: string): Promise<void> {
    const known = this.world?.conversations.get(id);
    if (known !== undefined) return this.histories.open(id, known.unread);
    if (this.world !== null) this.#lookups.want(id);
  }

  typists(id: string): string[] {
    return this.#typists.in(id, this.me);
  }

  name(id: string): string {
    return this.world?.people.get(id)?.display_name ?? '';
  }

  /** Says that the person has read up to here. */
  read(id: string, seq: number): void {
    if (this.world === null) return;
    this.client.read(id, seq);
    this.world = worlds.markRead(this.world, id, seq);
    this.#changed();
  }

  /** The next page of the list. Throws ApiError. */
  async more(): Promise<void> {
    const { before } = this;
    if (before === null) return;
    const query = new URLSearchParams({ before });
    const page = await this.client.api.call<ConversationPage>('GET', `/v1/conversations?${query}`);
    if (this.before !== before) return;
    this.before = page.before;
    this.#came(page.conversations, page.people, (id) => this.#lookups.taken(id));
  }

  async #signIn(): Promise<void> {
    if (this.#getToken !== null && !(await this.#renew())) return;
    if (!this.#ended) this.client.start();
  }

  /** Asks for a token; answers whether there is one. */
  async #renew(): Promise<boolean> {
    const getToken = this.#getToken;
    if (getToken === null) return false;
    this.#later();
    try {
      const { text, goodForMs } = await askedOf(getToken);
      if (this.#ended) return false;
      if (!(await this.#isSame(text))) return this.#replaced();
      this.#token = text;
      // A connection that is open may end with the older one, which is no fault of this.
      this.#proven &&= this.client.state.phase === 'live';
      this.#failures = 0;
      this.tokenless = false;
      this.client.useToken(text);
      if (goodForMs !== null) this.#later = browserClock.after(goodForMs, () => void this.#renew());
      return true;
    } catch (thrown) {
      if (!this.#ended) this.#notSignedIn(thrown);
      return false;
    }
  }

  /** Whether a token is the same person's. A connection goes on from where it was, which is no place of anybody else's. */
  async #isSame(token: string): Promise<boolean> {
    if (this.world === null) return true;
    const { id } = await new LeanClient({ baseUrl: this.where.server, token }).api.me();
    return id === this.me;
  }

  #replaced(): false {
    this.phase = 'replaced';
    this.stop();
    this.#changed();
    return false;
  }

  #notSignedIn(thrown: unknown): void {
    // The site says so, or has given a token that is not good.
    const isOut = thrown instanceof SignedOut || (thrown instanceof ApiError && thrown.status === 401);
    if (isOut) return this.#signedOut();
    this.tokenless = this.world === null;
    this.#failures += 1;
    const pause = Math.min(pauseMsMax, pauseMsMin * 2 ** (this.#failures - 1));
    // While the token in use is good, nobody sees anything of it.
    const next = () => void (this.client.state.phase === 'stopped' ? this.#signIn() : this.#renew());
    this.#later = browserClock.after(pause, next);
    this.#changed();
  }

  /** The token has ended or was revoked. Whether the person is still signed in, the site's back end knows. */
  #revoked(): void {
    if (this.#getToken === null || !this.#proven) return this.#signedOut();
    void this.#signIn();
  }

  #signedOut(): void {
    this.#later();
    this.client.stop();
    this.phase = 'signed-out';
    this.#changed();
  }

  #failed(error: ApiError): void {
    if (this.client.state.phase !== 'stopped') return;
    this.problem = error;
    this.phase = 'failed';
    this.#changed();
  }

  #took(snapshot: Snapshot): void {
    this.world = worlds.fromSnapshot(snapshot, this.world ?? undefined);
    this.before = snapshot.conversations_before ?? null;
    this.phase = 'ready';
    this.problem = null;
    this.absent.clear();
    this.histories.clear();
    this.#lookups.clear();
    this.#changed();
  }

  #came(
    conversations: readonly Conversation[],
    people: readonly Person[],
    held: (id: string) => readonly FeedEvent[],
  ): void {
    if (this.world === null) return;
    let world = worlds.learn(this.world, people);
    for (const each of conversations) world = worlds.withConversation(world, each, held(each.id));
    this.world = world;
    this.#changed();
  }

  #learn(people: readonly Person[]): void {
    if (this.world !== null) this.world = worlds.learn(this.world, people);
  }

  #happened(event: FeedEvent): void {
    const before = this.world;
    if (before === null) return;
    const id = conversationOf(event);
    const known = id === null ? undefined : before.conversations.get(id);
    this.world = worlds.applyEvent(before, event);
    this.histories.amend(event);
    this.#changed();
    if (event.kind === 'conversation_removed') return this.#removed(event.body.conversation);
    if (event.kind === 'conversation_added') {
      this.absent.delete(event.body.conversation.id);
      return this.#lookups.added(event.body.conversation.id);
    }
    if (id !== null && known === undefined) return this.#lookups.hold(id, event);
    if (known === undefined || event.stream !== id || event.seq <= known.head_seq) return;
    this.histories.add(event);
    if (event.kind !== 'message') return;
    if (event.from !== undefined) this.#typists.said(event.stream, event.from);
    if (event.from !== this.me) for (const came of this.#listeners) came(event);
  }

  #removed(id: string): void {
    this.#lookups.removed(id);
    this.histories.drop(id);
    this.absent.add(id);
  }

  #signalled(signal: Signal): void {
    if (signal.kind === 'typing') this.#typists.signalled(signal);
    if (signal.kind === 'presence' && this.world !== null)
      this.world = worlds.withPresence(this.world, signal.from, signal.body.state);
    this.#changed();
  }

  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const changed of [...this.#heard]) changed();
    });
  }
}
