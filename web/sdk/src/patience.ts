/** A plain request that is repeated until it is answered, as long as the answer says that this may help. */
import { Backoff } from './backoff.js';
import type { Environment } from './environment.js';
import { ApiError } from './errors.js';

export interface Patient {
  trying(): void;
  waiting(retryAt: number, error: ApiError): void;
}

export class Patience {
  readonly #environment: Environment;
  #wake: (() => void) | null = null;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Rejects with what can't be helped, and with `stopped` once `stopped` is. */
  async until<T>(run: () => Promise<T>, stopped: AbortSignal, patient: Patient): Promise<T> {
    const backoff = new Backoff(this.#environment.random);
    for (;;) {
      patient.trying();
      try {
        const answer = await run();
        throwIfStopped(stopped);
        return answer;
      } catch (thrown) {
        throwIfStopped(stopped);
        const error = ApiError.from(thrown);
        if (!error.retry) throw error;
        const wait = Math.max(backoff.next(), error.retryAfterMs ?? 0);
        patient.waiting(this.#environment.clock.now() + wait, error);
        await this.#rest(wait, stopped);
        throwIfStopped(stopped);
      }
    }
  }

  /** Try now: the network came back, or somebody looks. */
  nudge(): void {
    this.#wake?.();
  }

  #rest(ms: number, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#environment.clock.setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        this.#wake = null;
        this.#environment.clock.clearTimeout(timer);
        stopped.removeEventListener('abort', wake);
        resolve();
      };
      const wake = () => this.#wake?.();
      stopped.addEventListener('abort', wake);
    });
  }
}

function throwIfStopped(stopped: AbortSignal): void {
  if (stopped.aborted) throw ApiError.local('stopped', 'The client was stopped.', false);
}
