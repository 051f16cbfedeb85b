/**
 * Messages on their way. Pure but for its store: told what happened to a send, asked which to try next.
 *
 * - A message keeps its key for life, so however often it is tried it is one send (P3).
 * - Of a conversation only the first unanswered one is tried: their order is the order of `add`.
 * - An answered message stays until its event is held, so that a UI never shows neither of them.
 * - Each has a storage item of its own: tabs that share the storage never overwrite each other's.
 */
import { asJson } from './as-json.js';
import { ApiError } from './errors.js';
import type { Store } from './store.js';
import type { FeedEvent, Outgoing, SendOptions, Sent, Snapshot } from './types.js';

/** The server remembers keys for 24 hours; after that, trying again by itself could send twice. */
export const unknown_ms_max = 23 * 3_600_000;
export const outgoing_max = 1_000;

type Fate = 'queued' | 'flying' | 'answered' | 'failed';

interface Entry {
  readonly key: string;
  readonly conversation: string;
  readonly text: string;
  readonly replyTo: number | undefined;
  readonly files: readonly string[];
  readonly clearDraft: boolean;
  readonly createdAt: number;
  /** When it was first tried. */
  since: number | null;
  fate: Fate;
  error: Outgoing['error'];
  /** The time before which it is not tried. */
  notBefore: number;
  tries: number;
  seq: number | null;
}

type Stored = Pick<Entry, 'key' | 'conversation' | 'text' | 'createdAt' | 'since' | 'error'> & {
  replyTo?: number;
  files?: readonly string[];
  clearDraft?: boolean;
  failed: boolean;
};

export class Outbox {
  readonly #changed: () => void;
  #store: Store | null = null;
  #entries: Entry[] = [];
  #list: readonly Outgoing[] = [];

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get list(): readonly Outgoing[] {
    return this.#list;
  }

  /** Takes up what is stored, also what another tab left behind; two tabs may try the same key without harm. */
  load(store: Store): void {
    if (this.#store !== store) this.#entries = this.#store === null ? this.#entries : [];
    this.#store = store;
    const known = new Set(this.#entries.map((entry) => entry.key));
    const found = store.names().flatMap((name) => parse(store.get(name)));
    found.sort((a, b) => a.createdAt - b.createdAt);
    for (const entry of this.#entries) this.#save(entry);
    this.#entries = [...found.filter((entry) => !known.has(entry.key)), ...this.#entries];
    this.#publish();
  }

  add(key: string, conversation: string, text: string, now: number, options: SendOptions = {}): Outgoing {
    if (this.#entries.length >= outgoing_max) {
      throw ApiError.local('outbox_full', `${outgoing_max} messages are waiting already.`, true);
    }
    const entry: Entry = {
      key,
      conversation,
      text,
      replyTo: options.replyTo,
      files: [...(options.files ?? [])],
      clearDraft: options.clearDraft ?? false,
      createdAt: now,
      since: null,
      fate: 'queued',
      error: null,
      notBefore: 0,
      tries: 0,
      seq: null,
    };
    this.#entries.push(entry);
    this.#save(entry);
    this.#publish();
    return view(entry);
  }

  /** The messages to try now, at most one of each conversation. Messages too old for another attempt are marked as failed. */
  due(now: number): Outgoing[] {
    this.#expire(now);
    return this.#heads()
      .filter((entry) => entry.fate === 'queued' && entry.notBefore <= now)
      .map(view);
  }

  /** When `due` will have more, if nothing else happens. */
  nextAt(): number | null {
    const times = this.#heads().flatMap((entry) => (entry.fate === 'queued' ? [entry.notBefore] : []));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** It is being tried. Answers how often it was before. */
  flying(key: string, now: number): number {
    const entry = this.#find(key);
    if (entry === undefined) return 0;
    entry.fate = 'flying';
    entry.since ??= now;
    entry.tries += 1;
    this.#save(entry);
    return entry.tries - 1;
  }

  /** It is durable. It goes once its event is held; `held` is the last `seq` that is. */
  answered(key: string, sent: Sent, held: number | null): void {
    const entry = this.#find(key);
    if (entry === undefined) return;
    entry.fate = 'answered';
    entry.seq = sent.seq;
    if (held !== null && held >= sent.seq) this.#drop([entry]);
  }

  /** It is durable, but its event has not come. */
  awaitsEcho(key: string): boolean {
    return this.#find(key)?.fate === 'answered';
  }

  /** Its fate is unknown, or the server is busy: again, with the same key. That it is held back by a quota is shown. */
  lost(key: string, notBefore: number, error?: ApiError): void {
    const entry = this.#find(key);
    if (entry?.fate !== 'flying') return;
    entry.fate = 'queued';
    entry.notBefore = notBefore;
    const shown = entry.error !== null;
    entry.error = error?.code === 'rate_limited' ? bodyOf(error) : null;
    if (shown || entry.error !== null) this.#publish();
  }

  refused(key: string, error: ApiError): void {
    const entry = this.#find(key);
    if (entry === undefined) return;
    this.#fail(entry, error);
    this.#publish();
  }

  /** Makes everything that waits due now. */
  wake(): void {
    for (const entry of this.#entries) entry.notBefore = 0;
  }

  /** A failed one, once more, with the same key. It goes behind what was written since. */
  resend(key: string): void {
    const entry = this.#find(key);
    if (entry?.fate !== 'failed') return;
    Object.assign(entry, { fate: 'queued', error: null, notBefore: 0, tries: 0, since: null });
    this.#entries = [...this.#entries.filter((other) => other !== entry), entry];
    this.#save(entry);
    this.#publish();
  }

  discard(key: string): void {
    this.#drop(this.#entries.filter((entry) => entry.key === key && entry.fate === 'failed'));
  }

  /** An event is held: the echo of one of ours ends it, and so does leaving the conversation after the answer. */
  event(event: FeedEvent, me: string): void {
    const done = this.#entries.filter((entry) => {
      if (event.kind === 'conversation_removed') {
        return entry.fate === 'answered' && entry.conversation === event.body.conversation;
      }
      if (entry.conversation !== event.stream) return false;
      return (
        isEchoOf(event, entry, me) ||
        (entry.fate === 'answered' && entry.seq !== null && entry.seq <= event.seq)
      );
    });
    this.#drop(done);
  }

  snapshot(snapshot: Snapshot): void {
    const conversations = new Map(snapshot.conversations.map((each) => [each.id, each]));
    const done = this.#entries.filter((entry) => {
      const conversation = conversations.get(entry.conversation);
      if (conversation === undefined) return entry.fate === 'answered';
      if (entry.seq !== null && entry.seq <= conversation.head_seq) return true;
      return conversation.last !== null && isEchoOf(conversation.last, entry, snapshot.me.id);
    });
    this.#drop(done);
  }

  #heads(): Entry[] {
    const heads = new Map<string, Entry>();
    for (const entry of this.#entries) {
      const open = entry.fate === 'queued' || entry.fate === 'flying';
      if (open && !heads.has(entry.conversation)) heads.set(entry.conversation, entry);
    }
    return [...heads.values()];
  }

  #expire(now: number): void {
    const old = this.#entries.filter(
      (entry) => entry.fate === 'queued' && entry.since !== null && now - entry.since > unknown_ms_max,
    );
    if (old.length === 0) return;
    const error = ApiError.local(
      'expired',
      'It is not known whether this was sent, and too late to find out.',
      false,
    );
    for (const entry of old) this.#fail(entry, error);
    this.#publish();
  }

  #fail(entry: Entry, error: ApiError): void {
    entry.fate = 'failed';
    entry.error = bodyOf(error);
    this.#save(entry);
  }

  #drop(entries: Entry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) this.#store?.remove(entry.key);
    this.#entries = this.#entries.filter((entry) => !entries.includes(entry));
    this.#publish();
  }

  #find(key: string): Entry | undefined {
    return this.#entries.find((entry) => entry.key === key);
  }

  #save(entry: Entry): void {
    const { key, conversation, text, replyTo, files, clearDraft, createdAt, since, error } = entry;
    const stored: Stored = {
      key,
      conversation,
      text,
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(files.length === 0 ? {} : { files }),
      ...(clearDraft ? { clearDraft } : {}),
      createdAt,
      since,
      error,
      failed: entry.fate === 'failed',
    };
    this.#store?.set(key, asJson(stored));
  }

  #publish(): void {
    this.#list = this.#entries.map(view);
    this.#changed();
  }
}

function bodyOf({ code, message, retry }: ApiError): Outgoing['error'] {
  return { code, message, retry };
}

function isEchoOf(event: FeedEvent, entry: Entry, me: string): boolean {
  return event.key === entry.key && event.from === me;
}

function view(entry: Entry): Outgoing {
  const { key, conversation, text, replyTo, files, clearDraft, createdAt, error } = entry;
  return {
    key,
    conversation,
    text,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(files.length === 0 ? {} : { files }),
    ...(clearDraft ? { clearDraft } : {}),
    createdAt,
    status: entry.fate === 'failed' ? 'failed' : 'sending',
    error,
  };
}

function parse(text: string | null): Entry[] {
  if (text === null) return [];
  try {
    const stored = JSON.parse(text) as Stored;
    const { key, conversation, text: words, replyTo, files = [], clearDraft = false } = stored;
    const { createdAt, since, error, failed } = stored;
    const fate: Fate = failed ? 'failed' : 'queued';
    return [
      {
        key,
        conversation,
        text: words,
        replyTo,
        files,
        clearDraft,
        createdAt,
        since,
        error: failed ? error : null,
        fate,
        notBefore: 0,
        tries: 0,
        seq: null,
      },
    ];
  } catch {
    return [];
  }
}
