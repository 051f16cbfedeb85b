/** Commands on a WebSocket that wait for their answer. */
import { ApiError } from './errors.js';
import type { Command, CommandError, Ok } from './types.js';

/** The server takes 16; the rest is for pings and for what has no answer. */
export const unanswered_max = 12;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: ApiError): void;
}

export class Commands {
  readonly #waiting = new Map<number, Waiting>();
  #id = 0;

  get full(): boolean {
    return this.#waiting.size >= unanswered_max;
  }

  /** Sends what `make` makes with a fresh id; the answer's `result`, or an ApiError. */
  ask<T>(send: (command: Command) => void, make: (id: number) => Command): Promise<T> {
    this.#id += 1;
    const id = this.#id;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as T), reject });
      send(make(id));
    });
  }

  answer(item: Ok | CommandError): void {
    const waiting = item.id === undefined ? undefined : this.#waiting.get(item.id);
    if (waiting === undefined || item.id === undefined) return;
    this.#waiting.delete(item.id);
    if (item.type === 'ok') waiting.resolve(item.result);
    else waiting.reject(ApiError.fromBody(item.error, 0));
  }

  /** Called when the connection is gone. The outcome of every open command is unknown. */
  lost(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const each of waiting)
      each.reject(ApiError.local('network', 'The connection ended before the answer.', true));
  }
}
