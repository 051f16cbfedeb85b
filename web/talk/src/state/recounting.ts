import type { Api } from '@encke/sdk';
import type { Clock } from '@encke/ui/plain';
import { recounted } from '../model/unread';
import type { World } from '../model/world';

/** The pause after an event that leaves the number of unread messages in doubt, before the server is asked. */
export const recountPauseMs = 2_000;

export interface RecountingOptions {
  readonly api: Pick<Api, 'snapshot'>;
  readonly clock: Clock;
  readonly world: () => World | null;
  /** The number of snapshots that were taken: a newer one has a newer number. */
  readonly snapshots: () => number;
  readonly counted: (world: World) => void;
}

/** Asks how many messages are unread in all, once for all the doubts of a while. */
export class Recounting {
  #waiting: (() => void) | null = null;

  constructor(private readonly options: RecountingOptions) {}

  /** Called after a step from this world to the present one. */
  stepped(before: World): void {
    const { clock, world } = this.options;
    if (world()?.doubts === before.doubts || this.#waiting !== null) return;
    this.#waiting = clock.after(recountPauseMs, () => void this.#ask());
  }

  stop(): void {
    this.#waiting?.();
  }

  /** A failure is left as it is: the next doubt or snapshot mends the number. */
  async #ask(): Promise<void> {
    const { api, world, snapshots, counted } = this.options;
    const before = world();
    const taken = snapshots();
    const snapshot = await api.snapshot().catch(() => null);
    this.#waiting = null;
    const now = world();
    if (now === null || before === null || snapshot === null || taken !== snapshots()) return;
    counted(recounted(now, snapshot));
    this.stepped(before);
  }
}
