/**
 * The tabs of a browser: one of them leads and has the connection, the others hear from it.
 *
 * The tab that holds the lock leads; the browser hands the lock on when a tab goes away. Nobody votes and nothing has to be
 * timed. Without locks or BroadcastChannel every tab leads itself.
 */
import type { Broadcast, Environment } from './environment.js';
import type { ConnectionState, FeedEvent, Signal, Snapshot, TransportName } from './types.js';

/** A message between tabs. It never leaves the browser, and all tabs are asked to be of one version. */
export type TabMessage =
  /** A tab is new and asks the leader where it is. */
  | { kind: 'hello' }
  /** The leader's state; for a tab that is new, also what the leader holds. */
  | { kind: 'state'; state: ConnectionState; cursor: string | null }
  /** The leader held `from`, then took these, and now holds `to`. */
  | { kind: 'batch'; from: string; items: (FeedEvent | Signal)[]; to: string }
  /** The leader was reset and goes on from this. */
  | { kind: 'snapshot'; snapshot: Snapshot }
  | { kind: 'transport'; name: TransportName | 'auto' }
  | { kind: 'presence'; tab: string; state: 'online' | 'away' | null }
  /** A new leader asks for everybody's presence. */
  | { kind: 'roll-call' }
  /** Somebody looks at a tab: try now. */
  | { kind: 'nudge' }
  /** Something that the connection should have brought has not come. */
  | { kind: 'doubt' }
  | { kind: 'discarded'; key: string }
  | { kind: 'revoked' };

export interface TabsListener {
  /** This tab leads from now on. */
  lead(): void;
  hear(message: TabMessage): void;
}

/** Changes with the messages, so that an old tab and a new one don't misunderstand each other. */
const version = 1;

export class Tabs {
  readonly #environment: Environment;
  readonly #name: string;
  readonly #broadcast: Broadcast | null;
  readonly #leaving = new AbortController();
  #release: (() => void) | null = null;
  #leads = false;

  static canShare(environment: Environment): boolean {
    return environment.locks !== null && environment.broadcast !== null;
  }

  /** Those that share `name` share a connection. */
  constructor(environment: Environment, name: string, shared: boolean) {
    this.#environment = environment;
    this.#name = `encke:${version}:${name}`;
    const { broadcast } = environment;
    this.#broadcast =
      shared && Tabs.canShare(environment) && broadcast !== null ? broadcast(this.#name) : null;
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Calls `lead` at once if nothing is shared. */
  join(listener: TabsListener): void {
    if (this.#broadcast === null) {
      this.#leads = true;
      return listener.lead();
    }
    this.#broadcast.onMessage((message) => {
      if (!this.#leaving.signal.aborted) listener.hear(message as TabMessage);
    });
    this.#environment.locks?.request(this.#name, this.#leaving.signal, () => this.#hold(listener));
  }

  tell(message: TabMessage): void {
    if (!this.#leaving.signal.aborted) this.#broadcast?.post(message);
  }

  /** Gives up the lead, if it is held, and hears nothing more. */
  leave(): void {
    this.#leaving.abort();
    this.#leads = false;
    this.#broadcast?.close();
    this.#release?.();
  }

  async #hold(listener: TabsListener): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    this.#leads = true;
    const released = new Promise<void>((resolve) => (this.#release = resolve));
    listener.lead();
    await released;
  }
}
