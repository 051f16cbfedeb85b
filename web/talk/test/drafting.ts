/* Devices of one person and the server that keeps its drafts, without a network between them. */
import { ApiError, type Draft, type FeedEvent } from '@encke/sdk';
import { TestClock, TestStorage } from '@encke/ui/testing';
import { DraftSync } from '../src/model/draft-sync';
import { Drafts } from '../src/model/drafts';

/** The server's drafts, and what devices ask of them. */
export class Server {
  readonly drafts = new Map<string, Draft>();
  readonly asked: string[] = [];
  at = 100;
  /** What the next call is refused with. */
  refuses: ApiError | null = null;
  /** While this is set, answers wait. */
  held: Promise<void> | null = null;

  async draft(conversation: string): Promise<Draft> {
    this.#ask(`get ${conversation}`);
    const found = this.drafts.get(conversation);
    if (found === undefined) throw new ApiError('not_found', '', false, null, 404);
    return found;
  }

  async saveDraft(conversation: string, { text, replyTo }: { text: string; replyTo: number | null }) {
    this.#ask(`put ${conversation} ${text}`);
    this.at += 1;
    const { at } = this;
    const answer = replyTo === null ? {} : { reply_to: replyTo };
    this.drafts.set(conversation, { conversation, text, at, ...answer });
    await this.held;
    return { at };
  }

  async deleteDraft(conversation: string): Promise<void> {
    this.#ask(`delete ${conversation}`);
    this.drafts.delete(conversation);
  }

  #ask(what: string): void {
    this.asked.push(what);
    const { refuses } = this;
    this.refuses = null;
    if (refuses !== null) throw refuses;
  }
}

export class Device {
  readonly clock = new TestClock();
  readonly drafts: Drafts;
  readonly sync: DraftSync;
  writing = false;
  sending = false;
  filled = 0;

  constructor(
    readonly server: Server,
    storage = new TestStorage(),
  ) {
    this.drafts = new Drafts(storage, 'p1');
    this.sync = new DraftSync({
      api: server,
      clock: this.clock,
      drafts: this.drafts,
      isWriting: () => this.writing,
      isSending: () => this.sending,
      filled: () => (this.filled += 1),
    });
  }

  types(text: string): void {
    this.drafts.set('c1', text);
    this.sync.changed('c1');
  }

  async passes(ms: number): Promise<void> {
    this.clock.pass(ms);
    await settled();
  }

  async hears(kind: 'draft_changed' | 'draft_removed', at: number): Promise<void> {
    const body = kind === 'draft_changed' ? { conversation: 'c1', at } : { conversation: 'c1' };
    this.sync.happened({ kind, stream: 'p1', seq: 1, at, cursor: '', body } as FeedEvent);
    await settled();
  }

  get text(): string {
    return this.drafts.get('c1');
  }
}

export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await null;
}
