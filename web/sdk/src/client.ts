/** The public face: options in, events out, and the messages, marks and presence of this tab. */
import { Emitter } from './emitter.js';
import { browserEnvironment, browserStorage, type Environment, type KeyValueStorage } from './environment.js';
import { ApiError } from './errors.js';
import { Http } from './http.js';
import type { LeanApi } from './lean-api.js';
import { Life, transportName } from './life.js';
import { Outbox } from './outbox.js';
import { PresenceFold, type Shown } from './presence.js';
import { Reads } from './reads.js';
import { Sender } from './sender.js';
import { Store } from './store.js';
import { Tabs, type TabMessage } from './tabs.js';
import type {
  ConnectionState,
  FeedEvent,
  Outgoing,
  SendOptions,
  Sent,
  Signal,
  Snapshot,
  TransportName,
} from './types.js';

export interface ClientOptions {
  /** The server's address; '' for this page's own origin. */
  baseUrl?: string;
  /** A bearer token; without one the session cookie speaks. */
  token?: string;
  /** The transports that may be used, best first. */
  transports?: TransportName[];
  /** Default: `localStorage`. */
  storage?: KeyValueStorage;
  /** Channels to hear beside the conversations. */
  channels?: string[];
  /** Whether all tabs share one connection; default true where BroadcastChannel and locks exist. */
  shareConnection?: boolean;
  /** Goes on from the stored cursor without a snapshot, if there is one. For pages that only want what is new. */
  resume?: boolean;
  environment?: Partial<Environment>;
}

export interface ClientEvents {
  state: ConnectionState;
  /** Everything as it is; what was known before is to be replaced. */
  snapshot: Snapshot;
  /** Each once, each stream in order. */
  event: FeedEvent;
  signal: Signal;
  outgoing: readonly Outgoing[];
  /** The sign-in is no longer valid; the client has stopped. */
  revoked: void;
  /** A refusal that another attempt does not mend. The client has stopped, unless it was about a single mark. */
  error: ApiError;
}

const stopped: ConnectionState = {
  phase: 'stopped',
  transport: null,
  retryAt: null,
  leader: false,
  lastError: null,
};

/** The client, with as many typed calls as the page wants to carry. */
export class Client<A extends LeanApi> {
  /** Typed calls for HTTP endpoints. */
  readonly api: A;
  readonly #options: ClientOptions;
  readonly #environment: Environment;
  readonly #http: Http;
  readonly #store: Store;
  readonly #emitter: Emitter<ClientEvents>;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #reads = new Reads();
  readonly #presence = new PresenceFold();
  readonly #shared: boolean;
  /** Names this tab among the tabs. */
  readonly #tab: string;
  /** Names the connection for the server: the browser's if it is shared, else this tab's. */
  readonly #name: string;
  #person = '';
  /** The person of `assume`. */
  #assumed: string | null = null;
  #outboxStore: Store | null = null;
  #life: Life | null = null;
  #state = stopped;
  #declared: Shown | null = null;

  constructor(options: ClientOptions, apiOf: (http: Http) => A) {
    this.#options = options;
    this.#environment = { ...browserEnvironment(), ...options.environment };
    this.#http = new Http(this.#environment, options.baseUrl ?? '', options.token ?? null);
    this.api = apiOf(this.#http);
    this.#store = new Store(options.storage ?? browserStorage(), `encke:${this.#http.base}:`);
    const { clock } = this.#environment;
    this.#emitter = new Emitter((thrown) => clock.setTimeout(() => raise(thrown), 0));
    this.#shared = options.shareConnection !== false && Tabs.canShare(this.#environment);
    this.#tab = this.#newName();
    this.#name = this.#shared ? this.#browserName() : this.#tab;
    this.#outbox = new Outbox(() => this.#emitter.emit('outgoing', this.#outbox.list));
    this.#sender = new Sender({
      environment: this.#environment,
      outbox: this.#outbox,
      send: (message) => this.#send(message),
      held: (conversation) => this.#life?.held.sequence.last(conversation) ?? null,
      doubt: () => this.#life?.doubt(),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get outgoing(): readonly Outgoing[] {
    return this.#outbox.list;
  }

  get preferredTransport(): TransportName | 'auto' {
    return transportName(this.#store.get('transport')) ?? 'auto';
  }

  on<K extends keyof ClientEvents>(name: K, handler: (value: ClientEvents[K]) => void): () => void {
    return this.#emitter.on(name, handler);
  }

  /**
   * Says who is signed in before the server does, so that what is sent without a connection is kept with what the person left
   * unsent. Nothing goes out before the server has named the same person; if it names another, the client ends as if revoked.
   */
  assume(person: string): void {
    this.#assumed = person;
    this.#person = person;
    this.#outboxStore = this.#store.under(person).under('out');
    this.#outbox.load(this.#outboxStore);
  }

  start(): void {
    if (this.#life !== null) return;
    const life: Life = new Life({
      environment: this.#environment,
      http: this.#http,
      api: this.api,
      store: this.#store,
      client: this.#name,
      order: this.#options.transports,
      channels: this.#options.channels ?? [],
      shared: this.#shared,
      resume: this.#options.resume ?? false,
      assumed: this.#assumed,
      listener: {
        person: (id) => this.#isPerson(id),
        snapshot: (snapshot) => this.#snapshot(snapshot),
        event: (event) => this.#event(event),
        signal: (signal) => this.#emitter.emit('signal', signal),
        state: (state) => this.#setState(state),
        live: () => this.#live(),
        role: (leads) => this.#role(leads),
        hear: (message) => this.#hear(message),
        left: () => this.#tellPresence(null),
        revoked: () => this.#revoked(),
        failed: (error) => this.#failed(error),
      },
    });
    this.#life = life;
    this.#setState({ ...stopped, phase: 'connecting' });
    life.start();
  }

  stop(): void {
    this.#end(null);
  }

  /**
   * Goes on with another token of the same person, best before the one in use ends: a connection under the new one takes over
   * without a gap. After `revoked`, `start` follows.
   */
  useToken(token: string): void {
    this.#http.token = token;
    this.#life?.renewed();
  }

  /** Remembered in the storage; `auto` chooses by what gets through. */
  useTransport(name: TransportName | 'auto'): void {
    this.#store.set('transport', name);
    this.#life?.choose(name);
    this.#life?.tell({ kind: 'transport', name });
  }

  /** Queues a message. It is kept over reloads and tried with the same key until it is answered. */
  send(conversation: string, text: string, options: SendOptions = {}): Outgoing {
    const now = this.#environment.clock.now();
    const outgoing = this.#outbox.add(this.#newName(), conversation, text, now, options);
    this.#sender.pump();
    return outgoing;
  }

  /** Tries a failed one again. */
  resend(key: string): void {
    this.#outbox.resend(key);
    this.#sender.pump();
  }

  /** Gives up a failed one. */
  discard(key: string): void {
    this.#outbox.discard(key);
    this.#life?.tell({ kind: 'discarded', key });
  }

  /** Says that this person has read up to `seq`; repeated until the server knows. */
  read(conversation: string, seq: number): void {
    if (this.#reads.add(conversation, seq)) this.#read(conversation, seq);
  }

  /** At most once: if it is lost, it is lost. */
  typing(conversation: string, on: boolean): void {
    if (this.#life?.session?.tell({ type: 'typing', conversation, on })) return;
    this.api.typing(conversation, on).catch(() => undefined);
  }

  /** The presence that this tab shows. The browser is online if any of its tabs is. */
  presence(state: Shown): void {
    this.#presence.set(this.#tab, state);
    if (this.#isAlone) this.#declare();
    else this.#tellPresence(state);
  }

  #tellPresence(state: Shown | null): void {
    this.#life?.tell({ kind: 'presence', tab: this.#tab, state });
  }

  get #isAlone(): boolean {
    return this.#life === null || this.#life.leads;
  }

  #send(message: Outgoing): Promise<Sent> {
    const { conversation, key, text } = message;
    return this.#life?.session?.send(message) ?? this.api.sendMessage(conversation, text, key, message);
  }

  #read(conversation: string, seq: number): void {
    // Over a connection there is no answer; the receipt's own event tells that it has arrived.
    if (this.#life?.session?.tell({ type: 'read', conversation, seq })) return;
    this.api.receipts(conversation, { read: seq }).then(
      () => this.#reads.done(conversation, seq),
      (error: ApiError) => {
        if (error.retry || error.status === 401) return;
        this.#reads.drop(conversation);
        this.#emitter.emit('error', error);
      },
    );
  }

  #declare(again = false): void {
    const state = this.#presence.folded;
    if (state === null || (state === this.#declared && !again)) return;
    this.#declared = state;
    if (this.#life?.session?.tell({ type: 'presence', state })) return;
    this.api.presence(state, this.#name).catch(() => undefined);
  }

  // Events of the connection

  #isPerson(id: string): void {
    if (this.#outboxStore === null || this.#person !== id)
      this.#outboxStore = this.#store.under(id).under('out');
    this.#person = id;
    this.#outbox.load(this.#outboxStore);
    this.#sender.start();
  }

  #snapshot(snapshot: Snapshot): void {
    this.#emitter.emit('snapshot', snapshot);
    this.#outbox.snapshot(snapshot);
    this.#reads.snapshot(snapshot);
  }

  // First the event, then the end of the outgoing one, in one go: a UI shows one of them at every moment.
  #event(event: FeedEvent): void {
    this.#emitter.emit('event', event);
    this.#outbox.event(event, this.#person);
    this.#reads.event(event, this.#person);
  }

  #live(): void {
    this.#sender.wake();
    for (const [conversation, seq] of this.#reads.open) this.#read(conversation, seq);
    if (this.#life?.leads) this.#declare(true);
  }

  #role(leads: boolean): void {
    if (!leads) return this.#answerRollCall();
    // The tab that led may have left messages behind.
    if (this.#outboxStore !== null) this.#outbox.load(this.#outboxStore);
    this.#sender.pump();
    // Living tabs answer the roll call. A tab that crashed never said good-bye.
    this.#presence.keepOnly(this.#tab);
  }

  #hear(message: TabMessage): void {
    if (message.kind === 'transport') this.#life?.choose(message.name);
    if (message.kind === 'discarded') this.#outbox.discard(message.key);
    if (message.kind === 'presence' || message.kind === 'roll-call') this.#hearPresence(message);
  }

  #hearPresence(message: TabMessage & { kind: 'presence' | 'roll-call' }): void {
    if (message.kind === 'presence') {
      this.#presence.set(message.tab, message.state);
      if (this.#life?.leads) this.#declare();
      return;
    }
    this.#answerRollCall();
  }

  #answerRollCall(): void {
    const mine = this.#presence.of(this.#tab);
    if (mine !== null) this.#tellPresence(mine);
  }

  #revoked(): void {
    this.#end('The sign-in is no longer valid.');
    this.#emitter.emit('revoked', undefined);
  }

  #failed(error: ApiError): void {
    this.#end(error.message);
    this.#emitter.emit('error', error);
  }

  #end(why: string | null): void {
    const life = this.#life;
    if (life === null) return;
    this.#tellPresence(null);
    this.#life = null;
    this.#sender.stop();
    life.stop();
    this.#setState({ ...stopped, lastError: why });
  }

  #setState(state: ConnectionState): void {
    const names = Object.keys(state) as (keyof ConnectionState)[];
    if (names.every((name) => state[name] === this.#state[name])) return;
    this.#state = state;
    this.#emitter.emit('state', state);
  }

  #browserName(): string {
    const known = this.#store.get('client');
    if (known !== null) return known;
    const name = this.#newName();
    this.#store.set('client', name);
    return name;
  }

  // Unique for one person, which is what keys and names need.
  #newName(): string {
    const { clock, random } = this.#environment;
    const part = () => Math.floor(random() * 2 ** 48).toString(36);
    return `${clock.now().toString(36)}-${part()}${part()}`;
  }
}

function raise(thrown: unknown): never {
  throw thrown;
}
