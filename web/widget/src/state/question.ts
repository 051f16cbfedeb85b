/*
 * The first message of a ticket, until the server has it. It is kept with its key, so that a reload, a lost answer or an hour
 * without a network make neither two tickets of it nor none.
 */
import { ApiError, type Outgoing } from '@encke/sdk';
import { isRecord } from '../protocol';
import type { Keep } from '../model/keep';

export interface Question {
  readonly key: string;
  readonly text: string;
  readonly form: Readonly<Record<string, string>>;
  /** The card that it is about, if it is one. */
  readonly card?: object | undefined;
  readonly at: number;
}

/** Milliseconds between two tries, at first and at most. */
const pause_ms = 1_000;
const pause_ms_max = 30_000;

export interface Timers {
  now(): number;
  after(ms: number, task: () => void): () => void;
}

export interface AskingParts<Ticket> {
  readonly keep: Keep;
  readonly timers: Timers;
  /** One attempt. */
  send(question: Question): Promise<Ticket>;
  sent(ticket: Ticket): void;
  changed(): void;
}

export class Asking<Ticket> {
  readonly #parts: AskingParts<Ticket>;
  #question: Question | null;
  #error: ApiError | null = null;
  #pause = pause_ms;
  #flying = false;
  #cancel: () => void = () => undefined;

  constructor(parts: AskingParts<Ticket>) {
    this.#parts = parts;
    this.#question = read(parts.keep.get('question'));
  }

  get question(): Question | null {
    return this.#question;
  }

  /** As a line of the thread. */
  get outgoing(): Outgoing | null {
    if (this.#question === null) return null;
    const { key, text, at } = this.#question;
    const failed = this.#error !== null && !this.#error.retry;
    const error =
      this.#error === null
        ? null
        : { code: this.#error.code, message: this.#error.message, retry: this.#error.retry };
    return {
      key,
      conversation: '',
      text,
      createdAt: at,
      status: failed ? 'failed' : 'sending',
      error: failed || error?.code === 'rate_limited' ? error : null,
    };
  }

  ask(text: string, form: Readonly<Record<string, string>>, card?: object): void {
    this.#question = { key: newKey(), text, form, card, at: this.#parts.timers.now() };
    this.#parts.keep.set('question', JSON.stringify(this.#question));
    this.again();
  }

  /** Now: the network is back, somebody has clicked, or the page has just opened. */
  again(): void {
    this.#cancel();
    this.#pause = pause_ms;
    this.#error = null;
    void this.#try();
    this.#parts.changed();
  }

  discard(): void {
    this.#cancel();
    this.#question = null;
    this.#error = null;
    this.#parts.keep.remove('question');
    this.#parts.changed();
  }

  async #try(): Promise<void> {
    const question = this.#question;
    if (question === null || this.#flying) return;
    this.#flying = true;
    try {
      const ticket = await this.#parts.send(question);
      if (this.#question === question) {
        this.#question = null;
        this.#parts.keep.remove('question');
      }
      this.#parts.sent(ticket);
    } catch (thrown) {
      const error = ApiError.from(thrown);
      if (this.#question === question) this.#error = error;
      if (this.#error?.retry === true) {
        const wait = Math.max(this.#pause, this.#error.retryAfterMs ?? 0);
        this.#pause = Math.min(2 * this.#pause, pause_ms_max);
        this.#cancel = this.#parts.timers.after(wait, () => void this.#try());
      }
    } finally {
      this.#flying = false;
    }
    // Another one was asked meanwhile.
    if (this.#question !== null && this.#question !== question) void this.#try();
    this.#parts.changed();
  }
}

/** Random, also on pages without TLS, where `randomUUID` is missing. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');
}

function read(text: string | null): Question | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (!isRecord(value)) return null;
    const { key, text: words, form, card, at } = value;
    if (typeof key !== 'string' || typeof words !== 'string' || typeof at !== 'number') return null;
    return {
      key,
      text: words,
      form: isRecord(form) ? (form as Record<string, string>) : {},
      card: isRecord(card) ? card : undefined,
      at,
    };
  } catch {
    return null;
  }
}
