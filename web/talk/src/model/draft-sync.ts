/*
 * Drafts on the server, so that what was begun on one device goes on another. The drafts of this device (`Drafts`) are what
 * the person sees and changes; this saves them, and takes what another device has saved. A text that is being changed here
 * is never replaced: it is saved, and the device that saves last decides.
 */
import { ApiError, type Api, type Draft, type FeedEvent } from '@encke/sdk';
import type { Clock } from '@encke/ui/plain';
import { messageBytes, messageBytesMax } from './composing';
import type { Drafts, KeptDraft } from './drafts';

/** The pause after the last key before a draft is saved. */
export const draftPauseMs = 2_000;
/** Somebody who types on and on has the draft saved this often. */
export const draftSaveMsMax = 10_000;
/** The pause before what could not be saved is tried again. */
export const draftAgainMs = 5_000;

export interface DraftSyncParts {
  readonly api: Pick<Api, 'draft' | 'saveDraft' | 'deleteDraft'>;
  readonly clock: Clock;
  readonly drafts: Drafts;
  /** Whether the person is writing in a conversation on this page, so that nothing may be replaced under its hands. */
  readonly isWriting: (conversation: string) => boolean;
  /** Whether a message of the person is on its way to a conversation. */
  readonly isSending: (conversation: string) => boolean;
  /** The draft of a conversation is another one now. */
  readonly filled: (conversation: string) => void;
}

export class DraftSync {
  /** The time of each draft that the server has, as far as it is known here. */
  readonly #server = new Map<string, number>();
  /** When a draft was last heard to be gone. */
  readonly #removed = new Map<string, number>();
  /** Conversations whose draft was changed on this page and is not saved. */
  readonly #changed = new Set<string>();
  /** The times of drafts that were saved elsewhere while nothing could be replaced here. */
  readonly #late = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #timers = new Map<string, { readonly since: number; readonly callOff: () => void }>();
  /** Whether the server has said which drafts it has. */
  #isKnown = false;
  #stopped = false;

  constructor(private readonly parts: DraftSyncParts) {}

  /** The person has changed the draft of a conversation on this page. */
  changed(conversation: string): void {
    this.#changed.add(conversation);
    this.#late.delete(conversation);
    const now = this.parts.clock.now();
    const since = this.#timers.get(conversation)?.since ?? now;
    this.#schedule(conversation, Math.max(0, Math.min(draftPauseMs, since + draftSaveMsMax - now)), since);
  }

  /** A message goes out in place of the draft. Answers whether the server may have one, which is to go with it. */
  sent(conversation: string): boolean {
    this.#late.delete(conversation);
    return this.#server.delete(conversation) || !this.#isKnown;
  }

  /** A conversation is shown, or the page is looked at again: what came in the meantime is taken. */
  shown(conversation: string): void {
    if (this.#late.delete(conversation)) void this.#fetch(conversation);
    // What was begun before the server kept drafts, or while it could not be reached.
    const here = this.parts.drafts.all().get(conversation);
    if (here?.savedAt === null && !this.#changed.has(conversation)) this.changed(conversation);
  }

  /** Saves at once what waits. `leaving`: the page goes away, and nobody waits for the answers. */
  flush(leaving = false): void {
    for (const conversation of [...this.#changed]) void this.#save(conversation, leaving);
  }

  /** All drafts that the server has. */
  took(all: readonly Draft[]): void {
    const { drafts } = this.parts;
    this.#server.clear();
    this.#isKnown = true;
    const gone = new Set([...drafts.all()].flatMap(([id, { savedAt }]) => (savedAt === null ? [] : [id])));
    for (const draft of all) {
      this.#server.set(draft.conversation, draft.at);
      gone.delete(draft.conversation);
      this.#meet(draft, drafts.all().get(draft.conversation));
    }
    for (const conversation of gone) this.#emptied(conversation);
  }

  happened(event: FeedEvent): void {
    if (event.kind === 'draft_changed') {
      const { conversation, at } = event.body;
      if (at > (this.#server.get(conversation) ?? 0)) this.#changedElsewhere(conversation, at);
    } else if (event.kind === 'draft_removed') {
      const { conversation } = event.body;
      // One that was saved since is another draft.
      if (event.at <= (this.#server.get(conversation) ?? 0)) return;
      this.#removed.set(conversation, event.at);
      this.#server.delete(conversation);
      this.#emptied(conversation);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { callOff } of this.#timers.values()) callOff();
    this.#timers.clear();
  }

  /** A draft of the server's beside the one that is here. */
  #meet(draft: Draft, here: KeptDraft | undefined): void {
    const { conversation, text, at, reply_to: replyTo = null } = draft;
    if (here?.savedAt === at) return;
    // A message on its way takes it along.
    if (here === undefined && this.parts.isSending(conversation)) return;
    if (here?.savedAt === null && here.text === text && here.replyTo === replyTo) this.#kept(draft);
    else if (this.#changed.has(conversation)) return;
    else if (this.parts.isWriting(conversation)) this.#late.set(conversation, at);
    else if (here?.savedAt === null) this.#join(draft, here);
    else this.#fill(draft);
  }

  /** Two texts that know nothing of each other, one of them from before this page: neither is lost. */
  #join(draft: Draft, here: KeptDraft): void {
    const { conversation, text } = draft;
    const both = here.text.includes(text) ? here.text : `${text}\n\n${here.text}`;
    if (text.includes(here.text)) return this.#fill(draft);
    this.parts.drafts.set(conversation, both, here.replyTo ?? draft.reply_to ?? null);
    this.parts.filled(conversation);
    this.changed(conversation);
  }

  #fill(draft: Draft): void {
    this.#kept(draft);
    this.parts.filled(draft.conversation);
  }

  /** This is what the server has, too. */
  #kept({ conversation, text, reply_to: replyTo, at }: Draft): void {
    this.#changed.delete(conversation);
    this.parts.drafts.set(conversation, text, replyTo ?? null, at);
  }

  /** The draft was sent or deleted elsewhere. What was changed here since stays. */
  #emptied(conversation: string): void {
    const here = this.parts.drafts.all().get(conversation);
    this.#late.delete(conversation);
    if (here === undefined || here.savedAt === null || this.#changed.has(conversation)) return;
    this.parts.drafts.set(conversation, '');
    this.parts.filled(conversation);
  }

  #changedElsewhere(conversation: string, at: number): void {
    // While a draft is on its way, its own event may come before the answer.
    if (this.#busy.has(conversation) || this.parts.isWriting(conversation)) this.#late.set(conversation, at);
    else void this.#fetch(conversation);
    if (!this.#busy.has(conversation)) this.#server.set(conversation, at);
  }

  async #fetch(conversation: string): Promise<void> {
    const draft = await this.parts.api.draft(conversation).catch(() => null);
    if (draft === null || this.#stopped || this.#changed.has(conversation)) return;
    if (draft.at < (this.#server.get(conversation) ?? 0)) return;
    this.#server.set(conversation, draft.at);
    if (this.parts.isWriting(conversation)) this.#late.set(conversation, draft.at);
    else this.#fill(draft);
  }

  #schedule(conversation: string, pauseMs: number, since = this.parts.clock.now()): void {
    this.#timers.get(conversation)?.callOff();
    if (this.#stopped) return;
    const callOff = this.parts.clock.after(pauseMs, () => void this.#save(conversation));
    this.#timers.set(conversation, { since, callOff });
  }

  async #save(conversation: string, leaving = false): Promise<void> {
    this.#timers.get(conversation)?.callOff();
    this.#timers.delete(conversation);
    if (!this.#changed.has(conversation)) return;
    // A message on its way takes the draft before this one with it, so this one waits.
    const waits = this.#busy.has(conversation) || this.parts.isSending(conversation);
    if (waits && !leaving) return this.#schedule(conversation, draftPauseMs);
    this.#busy.add(conversation);
    try {
      await this.#put(conversation, leaving);
    } catch (thrown) {
      // What the server refuses stays on this device, and is tried again when it has changed.
      const error = ApiError.from(thrown);
      if (error.retry) this.#schedule(conversation, error.retryAfterMs ?? draftAgainMs);
      else this.#changed.delete(conversation);
    } finally {
      this.#busy.delete(conversation);
    }
    if (this.#late.has(conversation) && !this.parts.isWriting(conversation)) this.shown(conversation);
  }

  async #put(conversation: string, keepalive: boolean): Promise<void> {
    const { api, drafts } = this.parts;
    const text = drafts.get(conversation);
    const replyTo = drafts.replyTo(conversation);
    if (text.trim() === '') {
      if (this.#server.has(conversation)) await api.deleteDraft(conversation, { keepalive });
      this.#server.delete(conversation);
      if (drafts.get(conversation).trim() === '') this.#changed.delete(conversation);
      return;
    }
    if (messageBytes(text) > messageBytesMax) return void this.#changed.delete(conversation);
    const { at } = await api.saveDraft(conversation, { text, replyTo }, { keepalive });
    // Somebody who has signed out leaves nothing on this device.
    if (this.#stopped) return;
    const isSame = drafts.get(conversation) === text && drafts.replyTo(conversation) === replyTo;
    if (at < (this.#removed.get(conversation) ?? 0)) return this.#goneSince(conversation, isSame);
    this.#server.set(conversation, at);
    if ((this.#late.get(conversation) ?? 0) <= at) this.#late.delete(conversation);
    if (isSame) this.#kept({ conversation, text, at, ...(replyTo === null ? {} : { reply_to: replyTo }) });
    else this.#schedule(conversation, draftPauseMs);
  }

  /** It was sent or deleted elsewhere before this device knew that it had been saved. */
  #goneSince(conversation: string, isSame: boolean): void {
    if (!isSame) return this.#schedule(conversation, draftPauseMs);
    this.#changed.delete(conversation);
    this.parts.drafts.set(conversation, '');
    this.parts.filled(conversation);
  }
}
