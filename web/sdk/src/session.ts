/**
 * The connection of the tab that leads: opens it, keeps it, changes its transport, comes back after its end.
 * `Held` judges what came, and the listener decides who hears of it. A session takes no snapshot itself.
 */
import { Acks } from './acks.js';
import { fieldsOf, type LeanApi } from './lean-api.js';
import { Attempt, type Ending } from './attempt.js';
import { Backoff } from './backoff.js';
import type { Choice } from './choice.js';
import { Commands } from './commands.js';
import type { Environment } from './environment.js';
import { ApiError } from './errors.js';
import type { Held } from './held.js';
import type { Http } from './http.js';
import { transports } from './transports/index.js';
import type { FeedRequest } from './transports/transport.js';
import type {
  Bye,
  Command,
  ConnectionState,
  FeedEvent,
  Item,
  Outgoing,
  Sent,
  Signal,
  TransportName,
} from './types.js';

/** A session that was live for this long starts again with the shortest wait after a failure. */
export const steady_ms = 5_000;
/** The same gap so often in a row can't be mended by asking again: a snapshot is the way on. */
export const gaps_max = 3;
/** How long an answer to a command may take before its outcome counts as unknown. */
export const command_ms_max = 15_000;
const check_ms_max = 4_000;

export interface SessionListener {
  event(event: FeedEvent): void;
  signal(signal: Signal): void;
  /** A piece is done: what was new in it, and what was held before. */
  batch(from: string, items: (FeedEvent | Signal)[]): void;
  state(state: Pick<ConnectionState, 'phase' | 'transport' | 'retryAt' | 'lastError'>): void;
  live(transport: TransportName): void;
  /** The cursor leads nowhere; the session has stopped and wants to be started anew from a snapshot. */
  reset(): void;
  revoked(): void;
  /** Told to stay away; the session has stopped. */
  failed(error: ApiError): void;
}

export interface SessionParts {
  environment: Environment;
  http: Http;
  api: LeanApi;
  choice: Choice;
  held: Held;
  client: string;
  channels: readonly string[];
  listener: SessionListener;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #backoff: Backoff;
  readonly #commands = new Commands();
  readonly #acks: Acks;
  #running = false;
  /** Rises with every change of mind, so that answers to earlier questions are known to be stale. */
  #turn = 0;
  #current: Attempt | null = null;
  /** Opened beside a live connection, to take its place without a pause. */
  #next: Attempt | null = null;
  #retry: unknown = null;
  #told = false;
  #better: unknown = null;
  #gaps = 0;
  #resets = 0;
  /** Whether the listener knows that the current connection is live. */
  #announced = false;
  #lastError: string | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.environment.random);
    this.#acks = new Acks(parts.environment.clock, (cursor) => this.#ack(cursor));
  }

  /** From the cursor that is held. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#gaps = 0;
    // A reset right after a reset: a node that lags, perhaps. It gets time.
    if (this.#resets > 1)
      this.#wait(this.#backoff.next(), 'The server can not replay from its own snapshot.');
    else this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#clear();
  }

  /** The choice was changed by hand: go over to what it says now. */
  rechoose(): void {
    if (!this.#running) return;
    this.#backoff.reset();
    this.#connect();
  }

  /** Try now rather than later; not if the server itself has set the time. */
  nudge(): void {
    if (!this.#running) return;
    if (this.#retry !== null && !this.#told) this.#connect();
    else if (this.#current?.suspect) this.#dropped(this.#current, 'silent while the page was away');
  }

  /** It says that it is live, but does not bring what it should: another one takes over, if it gets further. */
  doubt(): void {
    if (this.#current !== null) this.#replace(this.#current.name);
  }

  /** The network is said to be gone: what is open is not to be trusted. */
  offline(): void {
    if (this.#running && !this.#told) this.#wait(this.#backoff.next(), 'The browser is offline.');
  }

  /** Sends a command that has no answer; false if it has to go another way. */
  tell(command: Command): boolean {
    if (!this.#current?.takesCommands) return false;
    this.#current.send(command);
    return true;
  }

  /** Sends a message over the connection; null if it has to go another way. */
  send(message: Outgoing): Promise<Sent> | null {
    const attempt = this.#current;
    const { conversation, key, text } = message;
    if (!attempt?.takesCommands || this.#commands.full) return null;
    const answer = this.#commands.ask<Sent>(
      (command) => attempt.send(command),
      (id) => ({ type: 'send', id, conversation, key, text, ...fieldsOf(message) }),
    );
    return this.#inTime(answer);
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    const { clock } = this.#parts.environment;
    return new Promise<T>((resolve, reject) => {
      const late = () => reject(ApiError.local('timeout', 'The answer did not come in time.', true));
      const timer = clock.setTimeout(late, command_ms_max);
      answer.then(resolve, reject).finally(() => clock.clearTimeout(timer));
    });
  }

  // Opening

  #connect(): void {
    this.#clear();
    const name = this.#parts.choice.next();
    const transport = name === null ? null : transports[name];
    if (transport === null || !transport.supported(this.#parts.environment)) {
      this.#wait(this.#backoff.next(), `This browser can't do ${name ?? 'any of the transports'}.`);
      return;
    }
    this.#current = this.#open(transport.name);
    this.#report('connecting', transport.name);
  }

  #open(name: TransportName): Attempt {
    const { environment, choice } = this.#parts;
    const transport = transports[name];
    const attempt = new Attempt(
      transport,
      transport.heartbeats(environment),
      environment.clock,
      choice.openingMs,
      {
        items: (from, items) => this.#items(from, items),
        ended: (which, ending) => this.#ended(which, ending),
        quiet: (which) => this.#replace(which.name),
      },
    );
    attempt.open(() => this.#request(attempt));
    return attempt;
  }

  async #request(attempt: Attempt): Promise<FeedRequest> {
    const { environment, http, api, held, client, channels } = this.#parts;
    const needs = http.needsTicket && attempt.transport.headerless(environment);
    const ticket = needs ? (await api.ticket()).ticket : null;
    return { http, environment, cursor: held.cursor ?? '', channels, client, ticket };
  }

  /** Opens another connection beside the live one; it takes over once it is live itself. */
  #replace(name: TransportName): void {
    if (this.#next !== null || this.#current?.live !== true) return;
    this.#next = this.#open(name);
  }

  #watchForBetter(): void {
    const { clock } = this.#parts.environment;
    clock.clearTimeout(this.#better);
    const better = this.#current === null ? null : this.#parts.choice.better(this.#current.name);
    if (better === null) return;
    this.#better = clock.setTimeout(
      () => this.#replace(better.name),
      Math.max(1_000, better.at - clock.now()),
    );
  }

  // Items that come

  #items(attempt: Attempt, items: Item[]): void {
    const { held, listener } = this.#parts;
    const from = held.cursor ?? '';
    const fresh: (FeedEvent | Signal)[] = [];
    let then: (() => void) | null = null;
    for (const item of items) {
      then = this.#item(attempt, item, fresh);
      if (then !== null || !this.#has(attempt)) break;
    }
    if (fresh.length > 0 || held.cursor !== from) listener.batch(from, fresh);
    if (this.#has(attempt) && fresh.some((item) => item.type === 'event')) this.#moved(attempt);
    if (this.#has(attempt)) then?.();
  }

  /** Takes one item; answers what is to be done once the piece is accounted for, if it ends the connection. */
  #item(attempt: Attempt, item: Item, fresh: (FeedEvent | Signal)[]): (() => void) | null {
    const { held, listener } = this.#parts;
    switch (item.type) {
      case 'event': {
        const verdict = held.take(item);
        if (verdict === 'gap') return () => this.#gap(item);
        if (verdict === 'duplicate') return null;
        this.#gaps = 0;
        fresh.push(item);
        listener.event(item);
        return null;
      }
      case 'signal':
        fresh.push(item);
        listener.signal(item);
        return null;
      case 'ready':
        held.reached(item.cursor);
        this.#ready(attempt);
        return null;
      case 'reset':
        return () => this.#reset();
      case 'bye':
        return () => this.#bye(attempt, item);
      case 'ok':
      case 'error':
        this.#commands.answer(item);
        return null;
    }
  }

  #ready(attempt: Attempt): void {
    if (attempt === this.#next) {
      this.#current?.close();
      this.#commands.lost();
      this.#current = attempt;
      this.#next = null;
    } else if (this.#announced) {
      return; // Each answer of a poll is ready again.
    }
    this.#announced = true;
    this.#lastError = null;
    this.#resets = 0;
    this.#parts.choice.worked(attempt.name);
    this.#report('live', attempt.name);
    this.#watchForBetter();
    this.#parts.listener.live(attempt.name);
  }

  #moved(attempt: Attempt): void {
    const { cursor } = this.#parts.held;
    if (cursor !== null && !attempt.transport.polls) this.#acks.moved(cursor);
  }

  #ack(cursor: string): void {
    // A lost ack is no harm: the next one, or the next connection, says it again.
    if (!this.tell({ type: 'ack', cursor })) this.#parts.api.ack(cursor).catch(() => undefined);
  }

  // How it ends

  #ended(attempt: Attempt, ending: Ending): void {
    if (attempt === this.#next) return this.#notReplaced(attempt, ending);
    if (attempt !== this.#current) return;
    switch (ending.how) {
      case 'unopened':
        return void this.#unopened(attempt.name, ending.why);
      case 'refused':
        return this.#refused(attempt.name, ending.error);
      case 'mute':
        return this.#blocked(attempt.name, ending.why);
      case 'dropped':
        return this.#dropped(attempt, ending.why);
    }
  }

  #notReplaced(attempt: Attempt, ending: Ending): void {
    this.#next = null;
    if (attempt.name === this.#current?.name) {
      const why = ending.how === 'refused' ? ending.error.message : ending.why;
      return this.#dropped(this.#current, why);
    }
    this.#parts.choice.blocked(attempt.name);
    this.#watchForBetter();
  }

  /** Is it the transport or the server? A plain request tells. */
  async #unopened(name: TransportName, why: string): Promise<void> {
    this.#clear();
    const turn = this.#turn;
    const error = await this.#check();
    if (turn !== this.#turn || !this.#running) return;
    if (error === null) return this.#blocked(name, why);
    if (error.status === 401) return this.#revoked();
    if (error.retry)
      return this.#wait(Math.max(this.#backoff.next(), error.retryAfterMs ?? 0), error.message);
    this.#blocked(name, why);
  }

  async #check(): Promise<ApiError | null> {
    try {
      await this.#parts.http.json({ method: 'GET', path: '/v1/me', timeoutMs: check_ms_max });
      return null;
    } catch (thrown) {
      return ApiError.from(thrown);
    }
  }

  #blocked(name: TransportName, why: string): void {
    const reason = `${name} does not get through: ${why}`;
    this.#lastError = reason;
    if (this.#parts.choice.blocked(name) === 'another') this.#connect();
    else this.#wait(this.#backoff.next(), reason);
  }

  #dropped(attempt: Attempt, why: string): void {
    if (attempt.liveMs >= steady_ms) this.#backoff.reset();
    this.#parts.choice.dropped(attempt.name, attempt.liveMs);
    this.#wait(this.#backoff.next(), why);
  }

  #refused(name: TransportName, error: ApiError): void {
    if (error.status === 401) return this.#revoked();
    if (error.code === 'bad_cursor') return this.#reset();
    if (error.retry)
      return this.#wait(Math.max(this.#backoff.next(), error.retryAfterMs ?? 0), error.message);
    this.#blocked(name, error.message);
  }

  #bye(attempt: Attempt, bye: Bye): void {
    if (bye.reason === 'revoked') return this.#revoked();
    if (!bye.retry) {
      this.stop();
      return this.#parts.listener.failed(
        ApiError.local('stopped', `The server ended the connection: ${bye.reason}.`, false),
      );
    }
    if (attempt.liveMs >= steady_ms) this.#backoff.reset();
    this.#wait(bye.after_ms ?? this.#backoff.next(), `The server said: ${bye.reason}.`);
    this.#told = bye.after_ms !== undefined;
  }

  #gap(event: FeedEvent): void {
    this.#gaps += 1;
    if (this.#gaps >= gaps_max) return this.#reset();
    this.#wait(this.#backoff.next(), `Events of ${event.stream} before ${event.seq} are missing.`);
  }

  #reset(): void {
    this.#resets += 1;
    this.stop();
    this.#parts.listener.reset();
  }

  #revoked(): void {
    this.stop();
    this.#parts.listener.revoked();
  }

  #wait(ms: number, why: string): void {
    this.#clear();
    const { clock } = this.#parts.environment;
    this.#lastError = why;
    this.#retry = clock.setTimeout(() => this.#connect(), ms);
    this.#report('waiting', this.#parts.choice.next(), clock.now() + ms);
  }

  #has(attempt: Attempt): boolean {
    return this.#running && (attempt === this.#current || attempt === this.#next);
  }

  #clear(): void {
    const { clock } = this.#parts.environment;
    this.#turn += 1;
    clock.clearTimeout(this.#retry);
    clock.clearTimeout(this.#better);
    this.#retry = null;
    this.#told = false;
    this.#announced = false;
    this.#acks.cancel();
    for (const attempt of [this.#current, this.#next]) attempt?.close();
    this.#current = this.#next = null;
    this.#commands.lost();
  }

  #report(
    phase: 'connecting' | 'live' | 'waiting',
    transport: TransportName | null,
    retryAt: number | null = null,
  ): void {
    const offline = phase !== 'live' && !this.#parts.environment.network.online();
    this.#parts.listener.state({
      phase: offline ? 'offline' : phase,
      transport,
      retryAt: offline ? null : retryAt,
      lastError: this.#lastError,
    });
  }
}
