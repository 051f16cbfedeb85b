/*
 * Recalls wait for some seconds, in which they can be undone. A page that is left sends those that wait; what could not be
 * sent is kept on the device and sent by the next page. To recall a message twice does no harm.
 */
import { ApiError, type Api, type FeedEvent } from '@encke/sdk';
import type { Clock, TextStorage } from '@encke/ui/plain';
import { amendedConversation } from './amendments';

/** The time in which a recall can be undone. */
export const recallPauseMs = 5_000;
/** The pause before a recall that did not arrive is tried again. */
export const recallRetryMs = 5_000;
/** Recalls that are kept of one person for the next page. The oldest go first. */
export const recallsKeptMax = 100;

export interface RecallsOptions {
  readonly api: Pick<Api, 'recall'>;
  readonly clock: Clock;
  readonly storage: TextStorage;
  readonly person: string;
  /** Offers to undo the recall of a message, until the returned function is called. */
  readonly offer: (undo: () => void) => () => void;
  /** The server refuses it. */
  readonly refused: (error: unknown) => void;
  /** Other messages wait now. */
  readonly changed: (waiting: ReadonlySet<string>) => void;
}

interface Recall {
  readonly conversation: string;
  readonly seq: number;
  /** `done`: the server has it, and its event has not come. */
  fate: 'waiting' | 'sending' | 'done';
  callOff: () => void;
  endOffer: () => void;
}

/** The name of a message among those that wait. */
export function recallKey(conversation: string, seq: number): string {
  return `${conversation}/${seq}`;
}

export class Recalls {
  readonly #recalls = new Map<string, Recall>();
  readonly #name: string;

  constructor(private readonly options: RecallsOptions) {
    this.#name = `encke.recalls.${options.person}`;
  }

  /** Sends what another page has left behind. */
  start(): void {
    for (const [conversation, seq] of parse(this.options.storage.getItem(this.#name)))
      void this.#send(this.#add(conversation, seq));
  }

  ask(conversation: string, seq: number): void {
    if (this.#recalls.has(recallKey(conversation, seq))) return;
    const recall = this.#add(conversation, seq);
    recall.endOffer = this.options.offer(() => this.undo(conversation, seq));
    recall.callOff = this.options.clock.after(recallPauseMs, () => void this.#send(recall));
  }

  /** Calls the recall of a message off. False if it is too late. */
  undo(conversation: string, seq: number): boolean {
    const recall = this.#recalls.get(recallKey(conversation, seq));
    if (recall?.fate !== 'waiting') return false;
    this.#drop(recall);
    return true;
  }

  /** Calls off the one that was asked for last. */
  undoLast(): boolean {
    const last = [...this.#recalls.values()].findLast((recall) => recall.fate === 'waiting');
    return last !== undefined && this.undo(last.conversation, last.seq);
  }

  happened(event: FeedEvent): void {
    const conversation = event.kind === 'recalled' ? amendedConversation(event) : null;
    if (event.kind !== 'recalled' || conversation === null) return;
    const recall = this.#recalls.get(recallKey(conversation, event.body.message));
    if (recall !== undefined) this.#drop(recall);
  }

  /** A snapshot has come: it knows of all that the server has. */
  took(): void {
    for (const recall of [...this.#recalls.values()]) if (recall.fate === 'done') this.#drop(recall);
  }

  /** Sends all that wait, because the page is left. They are kept, as nobody hears whether they arrive. */
  async leave(): Promise<void> {
    const recalls = [...this.#recalls.values()];
    this.#keep(recalls.filter((recall) => recall.fate !== 'done'));
    const waiting = recalls.filter((recall) => recall.fate === 'waiting');
    await Promise.all(waiting.map((recall) => this.#send(recall)));
  }

  /** On sign-out: nothing of a person stays on the device. */
  forget(): void {
    this.options.storage.removeItem(this.#name);
  }

  stop(): void {
    for (const recall of [...this.#recalls.values()]) this.#drop(recall);
  }

  #add(conversation: string, seq: number): Recall {
    const none = (): void => undefined;
    const recall: Recall = { conversation, seq, fate: 'waiting', callOff: none, endOffer: none };
    this.#recalls.set(recallKey(conversation, seq), recall);
    this.#changed();
    return recall;
  }

  async #send(recall: Recall): Promise<void> {
    recall.fate = 'sending';
    recall.callOff();
    recall.endOffer();
    try {
      await this.options.api.recall(recall.conversation, recall.seq, { keepalive: true });
      recall.fate = 'done';
    } catch (thrown) {
      if (!this.#holds(recall)) return;
      if (thrown instanceof ApiError && thrown.retry) {
        const pause = Math.max(recallRetryMs, thrown.retryAfterMs ?? 0);
        recall.callOff = this.options.clock.after(pause, () => void this.#send(recall));
      } else {
        this.#drop(recall);
        this.options.refused(thrown);
      }
    }
    this.#keep([...this.#recalls.values()].filter((each) => each.fate === 'sending'));
  }

  #holds(recall: Recall): boolean {
    return this.#recalls.get(recallKey(recall.conversation, recall.seq)) === recall;
  }

  #drop(recall: Recall): void {
    recall.callOff();
    recall.endOffer();
    if (!this.#holds(recall)) return;
    this.#recalls.delete(recallKey(recall.conversation, recall.seq));
    this.#changed();
  }

  #keep(recalls: readonly Recall[]): void {
    const { storage } = this.options;
    const kept = recalls.slice(-recallsKeptMax).map(({ conversation, seq }) => [conversation, seq]);
    // Storage may be full or forbidden; then they live as long as the page.
    try {
      if (kept.length > 0) storage.setItem(this.#name, JSON.stringify(kept));
      else storage.removeItem(this.#name);
    } catch {
      return;
    }
  }

  #changed(): void {
    this.options.changed(new Set(this.#recalls.keys()));
  }
}

function parse(json: string | null): [string, number][] {
  try {
    const value: unknown = JSON.parse(json ?? '[]');
    if (!Array.isArray(value)) return [];
    return value.filter(
      (entry): entry is [string, number] =>
        Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number',
    );
  } catch {
    return [];
  }
}
