/*
 * Asks for the invitations that a snapshot leaves out, because it has a bound in bytes. The answer has all of them; the server
 * bounds their number. The answer is newer than all events before the request, but older than some that come while it is on
 * its way: an invitation that is gone by such an event is left out of it.
 */
import { ApiError } from '@encke/sdk';
import type { Api, Invitation, Snapshot } from '@encke/sdk';
import type { Clock } from '@encke/ui/plain';
import { lookupPauseMsMax } from './lookups';

export interface FurtherInvitationsOptions {
  readonly api: Pick<Api, 'invitations'>;
  readonly clock: Clock;
  readonly came: (invitations: readonly Invitation[]) => void;
}

export class FurtherInvitations {
  /** Invitations that are gone since the request that is on its way; null while none is. */
  #gone: Set<string> | null = null;
  #generation = 0;
  #failures = 0;
  #callOff: () => void = () => undefined;

  constructor(private readonly options: FurtherInvitationsOptions) {}

  took(snapshot: Snapshot): void {
    this.stop();
    if (snapshot.invitations_more) void this.#ask();
  }

  /** An invitation was answered, or an event took it back. */
  gone(conversation: string): void {
    this.#gone?.add(conversation);
  }

  /** What is on its way is no longer wanted. */
  stop(): void {
    this.#generation += 1;
    this.#gone = null;
    this.#failures = 0;
    this.#callOff();
  }

  async #ask(): Promise<void> {
    const generation = this.#generation;
    const gone = new Set<string>();
    this.#gone = gone;
    try {
      const { invitations } = await this.options.api.invitations();
      if (generation !== this.#generation) return;
      this.options.came(invitations.filter((each) => !gone.has(each.conversation)));
    } catch (thrown) {
      const error = ApiError.from(thrown);
      if (generation === this.#generation && error.retry) this.#again(error);
    }
    if (generation === this.#generation) this.#gone = null;
  }

  #again(error: ApiError): void {
    this.#failures += 1;
    const pause = Math.min(lookupPauseMsMax, 1_000 * 2 ** (this.#failures - 1));
    this.#callOff = this.options.clock.after(
      Math.max(pause, error.retryAfterMs ?? 0),
      () => void this.#ask(),
    );
  }
}
