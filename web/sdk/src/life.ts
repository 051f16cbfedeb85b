/**
 * From start to stop: one person, in one of two roles. It opens with a snapshot, then leads or follows, and changes
 * role when the browser says so. A reset in either role ends in a snapshot and the same role again.
 */
import type { LeanApi } from './lean-api.js';
import { Choice, transports_best_first } from './choice.js';
import { order } from './cursor.js';
import type { Environment } from './environment.js';
import { ApiError } from './errors.js';
import { Follower } from './follower.js';
import { Held } from './held.js';
import type { Http } from './http.js';
import { Patience } from './patience.js';
import { Session } from './session.js';
import type { Store } from './store.js';
import { Tabs, type TabMessage } from './tabs.js';
import { transports } from './transports/index.js';
import type { ConnectionState, FeedEvent, Signal, Snapshot, TransportName } from './types.js';

export interface LifeListener {
  /** It is known who this is; before the first snapshot is told. */
  person(id: string): void;
  snapshot(snapshot: Snapshot): void;
  event(event: FeedEvent): void;
  signal(signal: Signal): void;
  state(state: ConnectionState): void;
  /** The feed is live, here or in the leading tab. */
  live(): void;
  /** This tab leads, or follows, from now on. */
  role(leads: boolean): void;
  hear(message: TabMessage): void;
  /** The page goes away. */
  left(): void;
  revoked(): void;
  failed(error: ApiError): void;
}

export interface LifeParts {
  environment: Environment;
  http: Http;
  api: LeanApi;
  store: Store;
  /** Names this tab, or all that share the connection, for the server. */
  client: string;
  order: readonly TransportName[] | undefined;
  channels: readonly string[];
  shared: boolean;
  resume: boolean;
  /** The person who has to be signed in; null for anybody. */
  assumed: string | null;
  listener: LifeListener;
}

type SessionState = Pick<ConnectionState, 'phase' | 'transport' | 'retryAt' | 'lastError'>;

export class Life {
  readonly held = new Held();
  readonly #parts: LifeParts;
  readonly #patience: Patience;
  readonly #stopped = new AbortController();
  #personId = '';
  /** The storage of this person's state. */
  #person: Store | null = null;
  #tabs: Tabs | null = null;
  #choice: Choice | null = null;
  #session: Session | null = null;
  #follower: Follower | null = null;
  /** A snapshot is on its way because of a reset; the role waits for it. */
  #renewing = false;
  #state: SessionState = { phase: 'connecting', transport: null, retryAt: null, lastError: null };
  #undo: (() => void)[] = [];

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.#patience = new Patience(parts.environment);
  }

  /** The connection, if this tab has it. */
  get session(): Session | null {
    return this.#session;
  }

  get leads(): boolean {
    return this.#tabs?.leads ?? false;
  }

  start(): void {
    const { environment, listener } = this.#parts;
    this.#undo = [
      environment.network.onChange((online) => (online ? this.#nudge() : this.#offline())),
      environment.document?.onLife((what) => (what === 'shown' ? this.#nudge() : listener.left())) ??
        (() => undefined),
    ];
    this.#begin().catch((thrown) => this.#failed(thrown));
  }

  stop(): void {
    this.#stopped.abort();
    for (const undo of this.#undo) undo();
    this.#session?.stop();
    this.#follower?.stop();
    this.#tabs?.leave();
  }

  tell(message: TabMessage): void {
    this.#tabs?.tell(message);
  }

  /** The choice of transport was changed, in this tab or in another. */
  choose(name: TransportName | 'auto'): void {
    this.#choice?.pin(name === 'auto' ? null : name);
    this.#session?.rechoose();
  }

  /** The connection should have brought something, and has not. */
  doubt(): void {
    if (this.leads) this.#session?.doubt();
    else this.tell({ kind: 'doubt' });
  }

  /** There is a newer token: a connection under it takes over from the one that ends with the older. */
  renewed(): void {
    if (this.leads) this.#session?.doubt();
  }

  // Opening

  async #begin(): Promise<void> {
    const cursor = this.#parts.resume ? await this.#storedCursor() : null;
    if (cursor === null) await this.#snapshot();
    else this.held.resume(cursor);
    this.#join();
  }

  async #storedCursor(): Promise<string | null> {
    const me = await this.#ask(() => this.#parts.api.me());
    this.#isPerson(me.id);
    return this.#person?.get(this.#cursorName) ?? null;
  }

  async #snapshot(): Promise<Snapshot> {
    const snapshot = await this.#ask(() => this.#parts.api.snapshot());
    this.#isPerson(snapshot.me.id);
    this.#seed(snapshot);
    return snapshot;
  }

  #seed(snapshot: Snapshot): void {
    this.held.seed(snapshot);
    this.#parts.listener.snapshot(snapshot);
  }

  #ask<T>(run: () => Promise<T>): Promise<T> {
    const set = (phase: 'connecting' | 'waiting', retryAt: number | null, lastError: string | null) => {
      const offline = !this.#parts.environment.network.online() && phase === 'waiting';
      this.#setState({
        phase: offline ? 'offline' : phase,
        transport: null,
        retryAt: offline ? null : retryAt,
        lastError,
      });
    };
    return this.#patience.until(run, this.#stopped.signal, {
      trying: () => set('connecting', null, this.#state.lastError),
      waiting: (retryAt, error) => set('waiting', retryAt, error.message),
    });
  }

  #isPerson(id: string): void {
    if (this.#person !== null && id === this.#personId) return;
    // Another tab has signed in as somebody else; the cookie is theirs now, the page is still ours.
    if (this.#person !== null || id !== (this.#parts.assumed ?? id))
      throw ApiError.local('stopped', 'Somebody else is signed in.', false, 401);
    this.#personId = id;
    this.#person = this.#parts.store.under(id);
    this.#parts.listener.person(id);
  }

  /** Tabs share a connection, and a cursor, if they hear the same: the same person and the same channels. */
  get #channelsName(): string {
    return [...this.#parts.channels].sort().join(',');
  }

  get #cursorName(): string {
    return `cursor:${this.#channelsName}`;
  }

  #join(): void {
    const { environment, http, shared } = this.#parts;
    const name = `${http.url('')}:${this.#personId}:${this.#channelsName}`;
    this.#tabs = new Tabs(environment, name, shared);
    this.#tabs.join({
      lead: () => this.#lead(),
      hear: (message) => this.#hear(message),
    });
    if (!this.#tabs.leads) this.#follow();
  }

  // Roles

  #lead(): void {
    this.#follower?.stop();
    this.#follower = null;
    if (this.#renewing || this.#stopped.signal.aborted) return;
    const { environment, http, api, client, channels, listener } = this.#parts;
    this.#choice = this.#newChoice();
    this.#session = new Session({
      environment,
      http,
      api,
      choice: this.#choice,
      held: this.held,
      client,
      channels,
      listener: {
        event: (event) => listener.event(event),
        signal: (signal) => listener.signal(signal),
        batch: (from, items) => this.#batch(from, items),
        state: (state) => this.#setState(state),
        live: (name) => this.#live(name),
        reset: () => this.#renew(),
        revoked: () => this.#revoked(),
        failed: (error) => listener.failed(error),
      },
    });
    listener.role(true);
    this.#session.start();
    this.tell({ kind: 'roll-call' });
  }

  #newChoice(): Choice {
    const { environment, order: wanted, store } = this.#parts;
    const able = (wanted ?? transports_best_first).filter((name) => transports[name]?.supported(environment));
    const choice = new Choice(able, environment.clock, transportName(store.get('worked')));
    const pinned = transportName(store.get('transport'));
    if (pinned !== null) choice.pin(pinned);
    return choice;
  }

  #live(name: TransportName): void {
    if (this.#choice?.pinned === null) this.#parts.store.set('worked', name);
    this.#parts.listener.live();
  }

  #batch(from: string, items: (FeedEvent | Signal)[]): void {
    const to = this.held.cursor ?? '';
    this.#person?.set(this.#cursorName, to);
    this.tell({ kind: 'batch', from, items, to });
  }

  #follow(): void {
    const { environment, http, client, channels, listener } = this.#parts;
    this.#follower = new Follower({
      environment,
      http,
      held: this.held,
      client,
      channels,
      listener: {
        event: (event) => listener.event(event),
        signal: (signal) => listener.signal(signal),
        reset: () => this.#renew(),
        failed: (error) => this.#failed(error),
      },
    });
    this.tell({ kind: 'hello' });
    listener.role(false);
  }

  #renew(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    this.#follower?.stop();
    this.#follower = null;
    this.#snapshot().then(
      (snapshot) => this.#renewed(snapshot),
      (thrown) => this.#failed(thrown),
    );
  }

  #renewed(snapshot: Snapshot): void {
    this.#renewing = false;
    if (!this.leads) return this.#follow();
    this.tell({ kind: 'snapshot', snapshot });
    if (this.#session === null) this.#lead();
    else this.#session.start();
  }

  #hear(message: TabMessage): void {
    if (message.kind === 'revoked') return this.#parts.listener.revoked();
    if (this.leads) {
      if (message.kind === 'hello') this.#tellState(this.held.cursor);
      if (message.kind === 'nudge') this.#session?.nudge();
      if (message.kind === 'doubt') this.#session?.doubt();
    } else {
      this.#hearLeader(message);
    }
    this.#parts.listener.hear(message);
  }

  #hearLeader(message: TabMessage): void {
    if (message.kind === 'batch') this.#follower?.take(message);
    if (message.kind === 'snapshot' && this.#isNews(message.snapshot)) {
      this.#follower?.stop();
      this.#seed(message.snapshot);
      this.#follow();
    }
    if (message.kind !== 'state' || this.#renewing) return;
    const { cursor, state } = message;
    // An empty batch: if the leader is ahead, what lies between is fetched.
    if (cursor !== null) this.#follower?.take({ from: cursor, items: [], to: cursor });
    const wasLive = this.#state.phase === 'live';
    this.#setState(state);
    if (!wasLive && state.phase === 'live') this.#parts.listener.live();
  }

  /** A snapshot of another tab is ignored while an own one is on its way, and when it is older than what is held. */
  #isNews(snapshot: Snapshot): boolean {
    if (this.#renewing) return false;
    const where = order(snapshot.cursor, this.held.cursor ?? '');
    return where === 'newer' || where === 'unknown';
  }

  // State

  #setState({ phase, transport, retryAt, lastError }: SessionState): void {
    this.#state = { phase, transport, retryAt, lastError };
    this.#parts.listener.state({ ...this.#state, leader: this.leads });
    if (this.leads) this.#tellState(null);
  }

  /** The cursor only when it is asked for: at other times a batch may still be on its way that leads up to it. */
  #tellState(cursor: string | null): void {
    this.tell({ kind: 'state', state: { ...this.#state, leader: false }, cursor });
  }

  #nudge(): void {
    this.#patience.nudge();
    this.#follower?.nudge();
    if (this.leads) this.#session?.nudge();
    else this.tell({ kind: 'nudge' });
  }

  #offline(): void {
    this.#session?.offline();
  }

  #revoked(): void {
    this.tell({ kind: 'revoked' });
    this.#parts.listener.revoked();
  }

  #failed(thrown: unknown): void {
    if (this.#stopped.signal.aborted) return;
    const error = ApiError.from(thrown);
    if (error.status === 401) this.#revoked();
    else this.#parts.listener.failed(error);
  }
}

export function transportName(text: string | null): TransportName | null {
  return transports_best_first.find((name) => name === text) ?? null;
}
