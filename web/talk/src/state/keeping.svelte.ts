import type { Draft, FeedEvent, Reminder, ScheduledMessage, Snapshot } from '@encke/sdk';
import { browserClock as clock } from '@encke/ui/plain';
import { keepingWordsIn, type KeepingWords } from '../i18n/keeping';
import { DraftSync } from '../model/draft-sync';
import { timeText } from '../model/times';
import { KeptList, keptPageMax } from './kept-list.svelte';
import { Stars } from './stars.svelte';
import type { Talk } from './talk.svelte';

/** A message that the person wants to be reminded of, while the time is being chosen. */
export interface Reminding {
  readonly conversation: string;
  readonly message: number;
}

/** A time that is being chosen by date, and what is done with it. */
export interface Choosing {
  readonly title: string;
  readonly at: number;
  readonly chosen: (at: number) => void;
}

/**
 * What a person keeps for itself: stars, drafts on the server, messages that are sent later, reminders. It is loaded after
 * the first sight, and works by the client's events from then on.
 */
export class Keeping {
  readonly stars: Stars;
  readonly drafts: DraftSync;
  readonly scheduled: KeptList<ScheduledMessage>;
  readonly reminders: KeptList<Reminder>;
  reminding: Reminding | null = $state.raw(null);
  choosing: Choosing | null = $state.raw(null);
  /** The planned message that is being written anew. */
  rewriting: ScheduledMessage | null = $state.raw(null);
  /** Reminders that are not to be shown above the page until it is loaded again. */
  putAway: ReadonlySet<string> = $state.raw(new Set());

  readonly due: readonly Reminder[] = $derived.by(() => this.reminders.entries.filter(({ due }) => due));
  readonly failed: number = $derived.by(
    () => this.scheduled.entries.filter(({ failed }) => failed !== undefined).length,
  );

  readonly #undo: (() => void)[];
  /** The conversation in which the person has typed since it was shown. */
  #typedIn: string | null = null;
  #looking = document.hasFocus();
  #snapshots = 0;

  constructor(readonly talk: Talk) {
    const { client } = talk;
    this.stars = new Stars(talk);
    this.drafts = new DraftSync({
      api: client.api,
      clock,
      drafts: talk.drafts,
      isWriting: (id) => this.#looking && this.#typedIn === id && talk.openId === id,
      isSending: (id) =>
        talk.outgoing.some(({ conversation, status }) => conversation === id && status === 'sending'),
      filled: () => {
        talk.draftsKept += 1;
        talk.draftsFilled += 1;
      },
    });
    this.scheduled = new KeptList(async (query) => {
      const { scheduled, next } = await client.api.scheduled(query);
      for (const { conversation } of scheduled) talk.look(conversation);
      return { entries: scheduled, next };
    });
    this.reminders = new KeptList(async (query) => {
      const { reminders, next } = await client.api.reminders(query);
      for (const { conversation } of reminders) if (conversation !== undefined) talk.look(conversation);
      return { entries: reminders, next };
    });
    this.#undo = [
      client.on('snapshot', (snapshot) => void this.#took(snapshot)),
      client.on('event', (event) => this.#happened(event)),
    ];
    void this.#begin();
  }

  get words(): KeepingWords {
    return keepingWordsIn[this.talk.language];
  }

  timeText(at: number): string {
    return timeText(at, clock.now(), this.talk.language);
  }

  stop(): void {
    // An answer that is still to come is not taken.
    this.#snapshots += 1;
    this.drafts.stop();
    for (const undo of this.#undo) undo();
  }

  /** The page goes away. */
  leave(): void {
    this.drafts.flush(true);
  }

  /** The person has changed the draft of a conversation here. */
  typed(conversation: string): void {
    this.#typedIn = conversation;
    this.drafts.changed(conversation);
  }

  /** Another conversation is on screen, or none (null). */
  shown(conversation: string | null): void {
    this.#typedIn = null;
    this.drafts.flush();
    if (conversation === null) return;
    this.drafts.shown(conversation);
    void this.stars.want(conversation);
  }

  /** The person begins or ends to look at this page. */
  seen(looking: boolean): void {
    if (looking === this.#looking) return;
    this.#looking = looking;
    this.#typedIn = null;
    if (!looking) this.drafts.flush();
    if (this.talk.openId !== null) this.drafts.shown(this.talk.openId);
  }

  /** Asks at what time the person wants to be reminded of a message. */
  askRemind(conversation: string, message: number): void {
    this.reminding = { conversation, message };
  }

  async remind({ conversation, message }: Reminding, at: number): Promise<void> {
    await this.talk.attempt(async () => {
      await this.talk.client.api.remind({ at, conversation, message }, newKey());
      this.talk.notify(this.words.willRemind(this.timeText(at)));
    });
  }

  async snooze(reminder: Reminder, at: number): Promise<void> {
    await this.talk.attempt(async () => {
      await this.talk.client.api.snooze(reminder.id, at);
      this.talk.notify(this.words.willRemind(this.timeText(at)));
    });
  }

  async dismiss(reminder: Reminder): Promise<void> {
    await this.talk.attempt(() => this.talk.client.api.dismissReminder(reminder.id));
  }

  /** Plans a message. Answers whether it was. */
  async schedule(conversation: string, text: string, replyTo: number | null, at: number): Promise<boolean> {
    let went = false;
    await this.talk.attempt(async () => {
      const answer = replyTo === null ? {} : { reply_to: replyTo };
      await this.talk.client.api.schedule(conversation, { text, send_at: at, ...answer }, newKey());
      went = true;
      this.talk.notify(this.words.planned(this.timeText(at)));
    });
    return went;
  }

  /** Gives a planned message another text and time. Answers whether it has them. */
  async reschedule(planned: ScheduledMessage, text: string, at: number): Promise<boolean> {
    let went = false;
    await this.talk.attempt(async () => {
      await this.talk.client.api.changeScheduled(planned.id, { text, send_at: at });
      went = true;
    });
    return went;
  }

  /**
   * Sends a planned message at once. It goes under the key that the server would give it, so it is one send, whoever of the
   * two comes first (P3).
   */
  async sendNow({ id, conversation, text, reply_to: replyTo }: ScheduledMessage): Promise<void> {
    const { api } = this.talk.client;
    await this.talk.attempt(async () => {
      await api.sendMessage(conversation, text, `scheduled-${id}`, { replyTo });
      // The server may have sent it in the meantime.
      await api.cancelScheduled(id).catch(() => undefined);
    });
  }

  async cancel(planned: ScheduledMessage): Promise<void> {
    await this.talk.attempt(() => this.talk.client.api.cancelScheduled(planned.id));
  }

  /** Events came before this was loaded: what the server says now is the beginning. */
  async #begin(): Promise<void> {
    const { talk } = this;
    if (talk.openId !== null) void this.stars.want(talk.openId);
    const { snapshot } = talk;
    if (snapshot === null) return;
    const turn = this.#snapshots;
    const isFresh = snapshot.cursor === talk.world?.cursor;
    const now = isFresh ? snapshot : await talk.client.api.snapshot().catch(() => null);
    if (now !== null && turn === this.#snapshots) await this.#took(now);
  }

  async #took(snapshot: Snapshot): Promise<void> {
    const turn = ++this.#snapshots;
    const { openId } = this.talk;
    this.stars.clear();
    if (openId !== null) void this.stars.want(openId);
    if (snapshot.reminders.due > 0) void this.reminders.reload();
    else this.reminders.refresh();
    if (snapshot.scheduled.failed > 0) void this.scheduled.reload();
    else this.scheduled.refresh();
    const drafts = snapshot.drafts_more ? await this.#allDrafts() : snapshot.drafts;
    if (drafts === null || turn !== this.#snapshots) return;
    this.drafts.took(drafts);
    if (openId !== null) this.drafts.shown(openId);
  }

  /** Null if the server can't be asked: then the drafts are as they were. */
  async #allDrafts(): Promise<Draft[] | null> {
    const all: Draft[] = [];
    for (let next: string | null | undefined; next !== null;) {
      const behind = next === undefined ? {} : { next };
      const page = await this.talk.client.api.drafts({ limit: keptPageMax, ...behind }).catch(() => null);
      if (page === null) return null;
      all.push(...page.drafts);
      next = page.next;
    }
    return all;
  }

  #happened(event: FeedEvent): void {
    this.stars.happened(event);
    this.drafts.happened(event);
    if (event.kind === 'scheduled') {
      if (event.body.state === 'failed') this.talk.notify(this.words.couldNotSend);
      if (event.body.state === 'failed') void this.scheduled.reload();
      else this.scheduled.refresh();
    } else if (event.kind === 'reminder') {
      this.#unhide(event.body.reminder);
      if (event.body.state === 'due') void this.reminders.reload();
      else this.reminders.refresh();
    }
  }

  /** A reminder that was put away is shown again when it comes once more. */
  #unhide(reminder: string): void {
    if (!this.putAway.has(reminder)) return;
    const putAway = new Set(this.putAway);
    putAway.delete(reminder);
    this.putAway = putAway;
  }
}

/** An idempotency key. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');
}
