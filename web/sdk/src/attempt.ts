/** One connection over one transport, from its opening to its end, with a watch on its silence. */
import type { Clock } from './environment.js';
import type { ApiError } from './errors.js';
import type { FeedRequest, Transport, Wire } from './transports/transport.js';
import type { Command, Item, TransportName } from './types.js';

/** A connection that is silent for this many heartbeats is dead. */
export const heartbeats_missed_max = 2.2;
const slept_ms = 5_000;

/**
 * `unopened`: it never became live, and the server didn't say why. `refused`: the server said why. `dropped`: it was
 * live. `mute`: it was live, and then not one byte came although heartbeats were due: something holds them back.
 */
export type Ending =
  { how: 'unopened' | 'dropped' | 'mute'; why: string } | { how: 'refused'; error: ApiError };

export interface AttemptListener {
  items(attempt: Attempt, items: Item[]): void;
  ended(attempt: Attempt, ending: Ending): void;
  /** Silent for long, on a transport where silence proves nothing. */
  quiet(attempt: Attempt): void;
}

export class Attempt {
  readonly transport: Transport;
  readonly #clock: Clock;
  readonly #listener: AttemptListener;
  readonly #visible: boolean;
  #wire: Wire | null = null;
  #timer: unknown = null;
  #silenceMs: number;
  #aliveAt: number;
  #dueAt = 0;
  #liveAt: number | null = null;
  #mute = true;
  #closed = false;

  constructor(
    transport: Transport,
    visibleHeartbeats: boolean,
    clock: Clock,
    openingMs: number,
    listener: AttemptListener,
  ) {
    this.transport = transport;
    this.#visible = visibleHeartbeats;
    this.#clock = clock;
    this.#silenceMs = openingMs;
    this.#aliveAt = clock.now();
    this.#listener = listener;
  }

  get name(): TransportName {
    return this.transport.name;
  }

  get live(): boolean {
    return this.#liveAt !== null && !this.#closed;
  }

  get liveMs(): number {
    return this.#liveAt === null ? 0 : this.#clock.now() - this.#liveAt;
  }

  /** `prepare` gets a ticket where one is needed; it counts into the time to open. */
  open(prepare: () => Promise<FeedRequest>): void {
    this.#watch();
    prepare().then(
      (request) => this.#connect(request),
      (error: ApiError) => this.#end(refusalOr(error, 'unopened')),
    );
  }

  /** Ends it without a word to the listener. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
    this.#wire?.close();
  }

  /** Whether commands can go up. */
  get takesCommands(): boolean {
    return this.live && this.#wire?.send !== undefined;
  }

  send(command: Command): void {
    this.#wire?.send?.(command);
  }

  /** The page was asleep or out of sight: whether this connection has been silent for longer than it should. */
  get suspect(): boolean {
    return this.live && this.#clock.now() - this.#aliveAt > this.#silenceMs / 2;
  }

  #connect(request: FeedRequest): void {
    if (this.#closed) return;
    this.#wire = this.transport.open(request, {
      alive: () => {
        this.#aliveAt = this.#clock.now();
        if (this.#liveAt !== null) this.#mute = false;
      },
      items: (items) => this.#items(items),
      ended: (error) => this.#end(refusalOr(error, this.#liveAt === null ? 'unopened' : 'dropped')),
    });
    if (this.#closed) this.#wire.close();
  }

  #items(items: Item[]): void {
    if (this.#closed) return;
    for (const item of items) {
      if (item.type !== 'ready') continue;
      this.#liveAt ??= this.#clock.now();
      this.#silenceMs = item.heartbeat_ms * heartbeats_missed_max;
      this.#watch();
    }
    this.#listener.items(this, items);
  }

  // One timer that looks again when the newest sign of life would have grown too old.
  #watch(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#dueAt = Math.max(this.#clock.now() + 1, this.#aliveAt + this.#silenceMs);
    this.#timer = this.#clock.setTimeout(() => this.#look(), this.#dueAt - this.#clock.now());
  }

  #look(): void {
    if (this.#closed) return;
    if (this.#clock.now() - this.#aliveAt < this.#silenceMs) return this.#watch();
    if (this.#liveAt === null) return this.#end({ how: 'unopened', why: 'nothing came in time' });
    // A timer that is late itself means that the page slept; then the silence is nobody's fault.
    const slept = this.#clock.now() - this.#dueAt > slept_ms;
    if (this.#visible) {
      return this.#end({ how: this.#mute && !slept ? 'mute' : 'dropped', why: 'silent for too long' });
    }
    this.#aliveAt = this.#clock.now();
    this.#watch();
    this.#listener.quiet(this);
  }

  #end(ending: Ending): void {
    if (this.#closed) return;
    this.close();
    this.#listener.ended(this, ending);
  }
}

/** A failure counts as a refusal only if the server itself said so. Everything else is a fault on the way. */
function refusalOr(error: ApiError | null, how: 'unopened' | 'dropped'): Ending {
  if (error === null) return { how, why: 'the connection ended' };
  const ours = error.code !== 'network' && error.code !== 'timeout' && error.code !== 'not_encke';
  return ours ? { how: 'refused', error } : { how, why: error.message };
}
