/*
 * A visitor of a desk: who it is, what it has asked, and what is shown. Everything about messages is the SDK's; this knows
 * tickets. It changes, and tells so; view/ looks at it then.
 */
import { ApiError, type FeedEvent, type Outgoing, type Signal, type Snapshot } from '@encke/sdk';
import type { LeanClient } from '@encke/sdk/lean';
import { type Door, type VisitorTicket, withTicket } from '../model/door';
import { type Facts, noFacts, visitOf } from '../model/facts';
import { statusIn, Thread } from '../model/thread';
import { DraftTeller } from '../model/teller';
import { TypingTeller, Typists } from '../model/typing';
import type { SeenPage } from '../protocol';
import { at, becomeVisitor, clientOf, door } from './public';
import { People } from './people';
import { Asking, type Question } from './question';
import type { Somebody, VisitorParts } from './visitor-parts';

/** The pause before the door is asked again while the server is away. */
const again_ms = 3_000;
/** How often the place in the queue is asked for, while somebody looks at it. */
const place_ms = 15_000;
const page_events = 50;

export class Visitor {
  readonly desk: string;
  /** Null until the server has told it; `missing` if there is no such desk. */
  door: Door | 'missing' | null = null;
  client: LeanClient | null = null;
  token: string | null;
  /** The newest first. */
  tickets: readonly VisitorTicket[] = [];
  /** The ticket that is shown; null while a new one is being written. */
  thread: Thread | null = null;
  /** Why the last thing that was tried has failed; until something else is tried. */
  fault: ApiError | null = null;
  /** Whether the visitor looks at the messages. */
  #looking = false;
  #me = '';
  #facts = noFacts;
  /** What the desk was told that the site has signed. */
  #proved = '';
  #page: SeenPage | null = null;
  #visits = false;
  #fresh = false;
  #loading = false;
  #outgoing: readonly Outgoing[] = [];
  #unread = new Map<string, number>();
  #head = new Map<string, number>();
  #read = new Map<string, number>();
  readonly #people = new People();
  readonly #typists = new Typists();
  readonly #typing = new TypingTeller(
    (on) => this.thread && this.client?.typing(this.thread.conversation, on),
  );
  readonly #drafts: DraftTeller;
  readonly #asking: Asking<VisitorTicket>;
  readonly #parts: VisitorParts;
  #becoming: Promise<LeanClient> | null = null;

  constructor(parts: VisitorParts) {
    this.#parts = parts;
    this.desk = parts.desk;
    this.token = parts.keep.get('token');
    this.#drafts = new DraftTeller(parts.timers.after, (text) => this.#showDraft(text));
    this.#asking = new Asking<VisitorTicket>({
      keep: parts.keep,
      timers: parts.timers,
      send: (question) => this.#ask(question),
      sent: (ticket) => this.#asked(ticket),
      changed: parts.changed,
    });
  }

  start(): void {
    void this.#open();
    if (this.token !== null) this.#connect(this.token);
    if (this.#asking.question !== null) this.#asking.again();
    addEventListener('online', () => this.#asking.question !== null && this.#asking.again());
    this.#lookAtQueue();
  }

  async #open(): Promise<void> {
    try {
      this.door = await door(this.desk);
      void this.#visit();
    } catch (thrown) {
      const error = ApiError.from(thrown);
      if (error.status === 404 || error.status === 422 || error.status === 400) this.door = 'missing';
      else this.#parts.timers.after(Math.max(again_ms, error.retryAfterMs ?? 0), () => void this.#open());
    }
    this.#parts.changed();
  }

  // What is shown

  /** Whether the visitor itself is this person, or was it before its desk merged the two. */
  isMe(person: string): boolean {
    return person === this.#me || this.person(person).visits === true;
  }

  get unread(): number {
    return this.tickets.reduce((sum, { id }) => sum + (this.#unread.get(id) ?? 0), 0);
  }

  unreadOf(ticket: string): number {
    return this.#unread.get(ticket) ?? 0;
  }

  /** The ticket that is shown. */
  get ticket(): VisitorTicket | null {
    return this.tickets.find(({ id }) => id === this.thread?.conversation) ?? null;
  }

  get outgoing(): Outgoing[] {
    const asked = this.#asking.outgoing;
    const of = this.thread?.conversation;
    const sent = this.#outgoing.filter(({ conversation }) => conversation === of);
    return asked === null ? sent : [...sent, asked];
  }

  /** Whether a first message is on its way, so that another one has to wait. */
  get asking(): boolean {
    return this.#asking.question !== null;
  }

  /** The agents who type. */
  get typists(): Somebody[] {
    return this.#typists.at(this.#parts.timers.now()).map((id) => this.person(id));
  }

  /** How far others have read what is shown. */
  get readByOthers(): number {
    return this.#read.get(this.thread?.conversation ?? '') ?? 0;
  }

  /** Whether older messages are on their way. */
  get loading(): boolean {
    return this.#loading;
  }

  person(id: string): Somebody {
    return this.#people.get(id);
  }

  // What the visitor does

  /** The panel is on screen, or no longer. */
  look(looking: boolean): void {
    if (this.#looking === looking) return;
    this.#looking = looking;
    this.client?.presence(looking ? 'online' : 'away');
    this.#sees();
  }

  /** Writes to the ticket that is shown, or asks the first question of a new one. */
  say(
    text: string,
    form: Readonly<Record<string, string>>,
    files: readonly string[] = [],
    card?: object,
  ): void {
    this.fault = null;
    this.#goOn();
    this.#typing.stopped();
    this.#drafts.sent();
    if (this.thread === null) this.#asking.ask(text, form, card);
    else this.client?.send(this.thread.conversation, text, { files });
    this.#parts.changed();
  }

  wrote(text: string): void {
    this.#typing.wrote(text, this.#parts.timers.now());
    if (this.door !== null && this.door !== 'missing' && this.door.desk.draft_preview === true)
      this.#drafts.wrote(text);
  }

  /** To the agents, who may see it at most once. */
  #showDraft(text: string): void {
    if (this.thread === null) return;
    const path = `/v1/tickets/${this.thread.conversation}/visitor-draft`;
    this.client?.api.call('PUT', path, { text: text.slice(-400) }).catch(() => undefined);
  }

  resend(out: Outgoing): void {
    if (out.conversation === '') this.#asking.again();
    else this.client?.resend(out.key);
  }

  discard(out: Outgoing): void {
    if (out.conversation === '') this.#asking.discard();
    else this.client?.discard(out.key);
  }

  /** Begins a new question beside the old ones. */
  begin(): void {
    this.#fresh = true;
    this.thread = null;
    this.#parts.changed();
  }

  choose(ticket: string): void {
    this.#fresh = false;
    this.#show(ticket);
  }

  async older(): Promise<void> {
    const { thread, client } = this;
    const before = thread?.firstSeq;
    if (thread === null || client === null || !thread.more || before == null || this.#loading) return;
    await this.#load(thread, { before });
  }

  async rate(stars: number, comment: string): Promise<void> {
    const { ticket, client } = this;
    if (ticket === null || client === null) return;
    const body = { stars, comment: comment || undefined };
    const path = `/v1/tickets/${ticket.id}/rating`;
    this.fault = null;
    try {
      await client.api.call('PUT', path, body);
      this.#told({ ...ticket, rating: stars });
    } catch (thrown) {
      this.failed(ApiError.from(thrown));
    }
    this.#parts.changed();
  }

  failed(fault: ApiError): void {
    this.fault = fault;
    this.#parts.changed();
  }

  // What the page of the site tells

  /** `visits`: the desk wants to know of pages before anything is asked. */
  saw(page: SeenPage, visits: boolean): void {
    this.#page = page;
    this.#visits ||= visits;
    void this.#visit();
  }

  identify(facts: Facts): void {
    // Facts that come later say nothing about what was signed.
    this.#facts = facts.identity === '' ? { ...facts, identity: this.#facts.identity } : facts;
    void this.#visit();
  }

  /** Goes on as the person whom the site has signed, with what was asked so far. */
  async #prove(): Promise<void> {
    const { identity } = this.#facts;
    if (identity === this.#proved || this.door === null || this.mustAgree) return;
    this.#proved = identity;
    const { client } = this;
    if (client === null) return void (await this.become());
    const { token } = await client.api.call<{ token?: string }>('POST', at(this.desk, 'identity'), {
      identity,
    });
    if (!token) return;
    client.stop();
    this.#forget();
    this.#connect(token);
  }

  agreed(): void {
    this.#parts.keep.set('consent', 'yes');
    void this.#visit();
    this.#parts.changed();
  }

  /** Whether the visitor still has to agree before anything is kept. */
  get mustAgree(): boolean {
    const asks = this.door !== null && this.door !== 'missing' && this.door.consent;
    return asks && this.#parts.keep.get('consent') === null && this.token === null;
  }

  async #visit(): Promise<void> {
    await this.#prove().catch(() => undefined);
    if (this.#page === null || this.#page.url === '' || this.door === null || this.door === 'missing') return;
    if (this.mustAgree || (this.token === null && !this.#visits)) return;
    try {
      await this.#tellVisit(await this.become());
    } catch {
      // It is told again with the next page, or with the question.
    }
  }

  async #tellVisit(client: LeanClient): Promise<void> {
    if (this.#page === null) return;
    const visit = visitOf(this.#page, this.#facts, this.#parts.language());
    await client.api.call('PUT', at(this.desk, 'visit'), visit);
  }

  // Tickets

  async #ask({ key, text, form, card }: Question): Promise<VisitorTicket> {
    const client = await this.become();
    await this.#tellVisit(client).catch(() => undefined);
    const [path, asked] = [at(this.desk, 'tickets'), { text, key, card, form }];
    return (await client.api.call<{ ticket: VisitorTicket }>('POST', path, asked)).ticket;
  }

  #asked(ticket: VisitorTicket): void {
    this.#fresh = false;
    this.#told(ticket);
    this.#show(ticket.id);
  }

  /** A ticket as it is now. */
  #told(ticket: VisitorTicket): void {
    this.tickets = withTicket(this.tickets, ticket);
  }

  async #loadTickets(): Promise<void> {
    const { client } = this;
    if (client === null) return;
    try {
      const path = at(this.desk, 'my-tickets');
      const { tickets } = await client.api.call<{ tickets: VisitorTicket[] }>('GET', path);
      this.tickets = tickets;
      this.#people.knowAgents(this.tickets);
      const newest = tickets.find(({ merged_into }) => !merged_into);
      if (this.thread === null && !this.#fresh && !this.asking && newest !== undefined) this.#show(newest.id);
    } catch {
      // Asked again with the next snapshot, or while somebody waits.
    }
    this.#parts.changed();
  }

  /** From a ticket that was merged to the one in which it goes on. */
  #goOn(): void {
    if (this.ticket?.merged_into) this.#show(this.ticket.merged_into);
  }

  #show(ticket: string): void {
    this.thread = new Thread(ticket);
    void this.#load(this.thread, {});
    this.#parts.changed();
  }

  async #load(thread: Thread, query: { before?: number }): Promise<void> {
    this.#loading = true;
    this.#parts.changed();
    try {
      const page = await this.client?.api.history(thread.conversation, { ...query, limit: page_events });
      if (page !== undefined) {
        thread.page(page, query.before !== undefined);
        this.#people.know(page.people);
        const last = page.events.at(-1)?.seq ?? 0;
        this.#head.set(thread.conversation, Math.max(last, this.#head.get(thread.conversation) ?? 0));
      }
    } catch (thrown) {
      this.fault = ApiError.from(thrown);
    }
    this.#loading = false;
    this.#sees();
    this.#parts.changed();
  }

  /** Whoever waits sees its place become smaller. */
  #lookAtQueue(): void {
    this.#parts.timers.after(place_ms, () => {
      const waits = this.tickets.some(({ place }) => place !== undefined);
      if (waits && this.#looking && document.visibilityState === 'visible') void this.#loadTickets();
      this.#lookAtQueue();
    });
  }

  // The connection

  /** The client, after the visitor has become one if it was none. */
  become(): Promise<LeanClient> {
    if (this.client !== null) return Promise.resolve(this.client);
    this.#becoming ??= this.#makeVisitor().finally(() => (this.#becoming = null));
    return this.#becoming;
  }

  async #makeVisitor(): Promise<LeanClient> {
    const { name, identity } = this.#facts;
    const language = this.#parts.language();
    const who = { language, name: name || undefined, identity: identity || undefined };
    const { token } = await becomeVisitor(this.desk, who);
    return this.#connect(token);
  }

  #connect(token: string): LeanClient {
    this.#parts.keep.set('token', token);
    const client = clientOf(token);
    this.token = token;
    this.client = client;
    client.on('snapshot', (snapshot) => this.#snapshot(snapshot));
    client.on('event', (event) => this.#event(event));
    client.on('signal', (signal) => this.#signal(signal));
    client.on('outgoing', (list) => {
      this.#outgoing = list;
      this.#parts.changed();
    });
    client.on('state', () => this.#parts.changed());
    client.on('revoked', () => this.#forget());
    client.on('error', (error) => this.failed(error));
    client.start();
    client.presence(this.#looking ? 'online' : 'away');
    return client;
  }

  /** The token opens nothing any more: the visitor is nobody again, and may ask anew. */
  #forget(): void {
    this.#parts.keep.remove('token');
    this.client = null;
    this.token = null;
    this.tickets = [];
    this.thread = null;
    this.#unread.clear();
    this.#parts.changed();
  }

  #snapshot(snapshot: Snapshot): void {
    this.#me = snapshot.me.id;
    this.#people.know(snapshot.people);
    for (const { id, unread, head_seq, members } of snapshot.conversations) {
      this.#unread.set(id, unread);
      this.#head.set(id, head_seq);
      for (const { person, read } of members) if (person !== this.#me) this.#readTo(id, read);
    }
    void this.#loadTickets();
    // What lay between is not told; the newest page is what there is.
    if (this.thread !== null) this.#show(this.thread.conversation);
    this.#parts.changed();
  }

  #event(event: FeedEvent): void {
    const { kind, stream, seq } = event;
    if (stream.startsWith('c')) this.#head.set(stream, Math.max(seq, this.#head.get(stream) ?? 0));
    if (kind === 'conversation_added') void this.#loadTickets();
    if (kind === 'receipts')
      for (const { person, read } of event.body.marks)
        if (person !== this.#me) this.#readTo(event.body.conversation, read);
    if (kind === 'message') this.#message(stream, event.from ?? '', event.body.text);
    this.#status(event);
    if (this.thread?.event(event) === true) this.#sees();
    this.#parts.changed();
  }

  #status(event: FeedEvent): void {
    const ticket = statusIn(event);
    if (ticket === null) return;
    this.#told(ticket);
    this.#goOn();
    // The event does not tell the place in the queue, nor the agent's picture.
    void this.#loadTickets();
  }

  #message(conversation: string, from: string, text: string): void {
    if (from === this.#me) return;
    this.#typists.heard(from, false, 0);
    if (!this.#people.has(from)) void this.#lookUp(conversation);
    this.#unread.set(conversation, (this.#unread.get(conversation) ?? 0) + 1);
    if (!this.#seesNow(conversation)) this.#parts.arrived(this.person(from).name, text);
  }

  async #lookUp(conversation: string): Promise<void> {
    try {
      const { people } = (await this.client?.api.history(conversation, { limit: 10 })) ?? { people: [] };
      this.#people.know(people);
      this.#parts.changed();
    } catch {
      // The name comes with the next page.
    }
  }

  #signal(signal: Signal): void {
    if (signal.kind !== 'typing' || signal.from === this.#me || signal.stream !== this.thread?.conversation)
      return;
    const now = this.#parts.timers.now();
    this.#typists.heard(signal.from, signal.body.on, now);
    if (signal.body.on) this.#parts.timers.after(6_100, () => this.#parts.changed());
    this.#parts.changed();
  }

  #seesNow(conversation: string): boolean {
    const shown = document.visibilityState === 'visible' && this.#looking;
    return shown && this.thread?.conversation === conversation;
  }

  /** What is on screen has been read. */
  #sees(): void {
    const conversation = this.thread?.conversation;
    if (conversation === undefined || this.#loading || !this.#seesNow(conversation)) return;
    const head = this.#head.get(conversation) ?? 0;
    if (head > 0 && (this.#unread.get(conversation) ?? 0) > 0) this.client?.read(conversation, head);
    this.#unread.set(conversation, 0);
    this.#parts.changed();
  }

  /** The page is looked at again. */
  shown = (): void => this.#sees();

  #readTo(conversation: string, seq: number): void {
    this.#read.set(conversation, Math.max(seq, this.#read.get(conversation) ?? 0));
  }
}
