import { ApiError } from '@encke/sdk';
import type { DeskApi, DeskTicket, StaffEvent, TicketChange, TicketPage } from '@encke/sdk/desk';
import { withRefreshed, type Talk } from '@encke/talk/state';
import { lookAgainMs, lookingNow, withLooker, type Lookers } from '../model/lookers';
import { Turns } from '../model/turns';
import { second } from './second.svelte';

/** Acts that wait for the answer to the one before; a key that is held down is not heard beyond them. */
const actsWaitingMax = 4;
/** How long a visitor's draft is shown: the next one may never come. */
export const draftHoldsMs = 30_000;

/** What is shown of the stream of notes. */
const shownKinds: ReadonlySet<string> = new Set<StaffEvent['kind']>([
  'note',
  'ticket_merged',
  'ticket_split',
]);

export interface OpenTicketOptions {
  readonly api: DeskApi;
  readonly talk: Talk;
  readonly id: string;
  readonly me: string;
  /** Shows a refusal, and answers whether there was none. */
  readonly attempt: (action: () => Promise<void>) => Promise<boolean>;
  /** Somebody else was first. */
  readonly taken: (owner: string) => void;
  readonly changed: (ticket: DeskTicket) => void;
}

/** The ticket on screen: what the staff sees of it besides its messages, and what can be done with it. */
export class OpenTicket {
  page: TicketPage | null = $state.raw(null);
  absent = $state(false);
  /** The oldest first. */
  notes: readonly StaffEvent[] = $state.raw([]);
  /** Whether there are older ones. */
  earlierNotes = $state(false);
  mode: 'reply' | 'note' = $state('reply');
  /** What was begun as a note. */
  draft = $state('');
  /** The staff whom the note calls. */
  mentions: readonly string[] = $state.raw([]);
  busy = $state(false);
  /** Whether a note is on its way. */
  noting = $state(false);
  /** What the visitor is typing, as it was told last. */
  visitorDraft: { readonly text: string; readonly at: number } | null = $state.raw(null);

  #lookers: Lookers = $state.raw(new Map());
  #timer: ReturnType<typeof setInterval> | undefined;
  /** The page is looked at again: what has ended meanwhile begins anew. */
  readonly #seen = (): void => void this.#tellLooking();
  #stopped = false;
  /** Raised when what is held may be behind: answers that were on their way are not taken. */
  #generation = 0;
  /** The generation that the notes are of. */
  #notesOf = -1;
  readonly #turns = new Turns(actsWaitingMax);
  /** The note that is being sent: the same text has the same key in a further try. */
  #sending: { readonly text: string; readonly key: string } | null = null;

  constructor(readonly options: OpenTicketOptions) {}

  get id(): string {
    return this.options.id;
  }

  get ticket(): DeskTicket | null {
    return this.page?.ticket ?? null;
  }

  /** The others who look at it now. */
  get lookers(): readonly string[] {
    return lookingNow(this.#lookers, second(), this.options.me);
  }

  begin(): void {
    void this.load();
    void this.loadNotes();
    void this.#tellLooking();
    this.#timer = setInterval(() => void this.#tellLooking(), lookAgainMs);
    document.addEventListener('visibilitychange', this.#seen);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#seen);
    this.#lookAway();
  }

  async load(): Promise<void> {
    try {
      const page = await this.options.api.ticket(this.id);
      if (this.#stopped) return;
      this.#take(page);
    } catch (thrown) {
      if (!ApiError.from(thrown).retry) this.absent = true;
    }
  }

  /** It as an event tells it. */
  happened(ticket: DeskTicket): void {
    if (this.page === null || this.page.ticket.changed_at > ticket.changed_at) return;
    this.page = { ...this.page, ticket };
  }

  noted(note: StaffEvent): void {
    this.notes = merged(this.notes, [note]);
  }

  /** The visitor types this; empty when it has sent it, or deleted it. */
  typed(text: string): void {
    this.visitorDraft = text === '' ? null : { text, at: Date.now() };
  }

  looked(person: string): void {
    this.#lookers = withLooker(this.#lookers, person, Date.now());
  }

  claim(): Promise<boolean> {
    return this.#act(async () => {
      try {
        return await this.options.api.claim(this.id);
      } catch (thrown) {
        if (ApiError.from(thrown).code !== 'taken') throw thrown;
        const { ticket, people } = await this.options.api.ticket(this.id);
        this.options.talk.learn(people);
        if (ticket.owner !== null) this.options.taken(ticket.owner);
        return ticket;
      }
    });
  }

  giveBack(): Promise<boolean> {
    return this.#act(() => this.options.api.giveBack(this.id));
  }

  transfer(person: string, note: string): Promise<boolean> {
    return this.#act(() => this.options.api.transfer(this.id, note === '' ? { person } : { person, note }));
  }

  transferToTeam(team: string, note: string): Promise<boolean> {
    return this.#act(() => this.options.api.transfer(this.id, note === '' ? { team } : { team, note }));
  }

  /** Ends this one, which goes on in another one of its visitor. */
  async merge(into: string): Promise<boolean> {
    const went = await this.options.attempt(async () => {
      this.options.changed(await this.options.api.mergeTicket(this.id, into));
    });
    if (went) await this.load();
    return went;
  }

  async mentionsSeen(): Promise<void> {
    await this.options.api.mentionsSeen(this.id).catch(() => undefined);
  }

  /** The visitor was erased, and what was said with it. */
  async erased(): Promise<void> {
    this.notes = [];
    this.options.talk.threads.drop(this.id);
    await this.again();
    await this.#tellLooking();
  }

  /** What is held may be behind: something may have been erased that nobody told of. */
  async again(): Promise<void> {
    this.#generation += 1;
    await Promise.all([this.load(), this.loadNotes()]);
  }

  change(change: TicketChange): Promise<boolean> {
    return this.#act(() => this.options.api.changeTicket(this.id, change));
  }

  /** Adds what was written as a note. Its text stays until the server has it. */
  async note(): Promise<boolean> {
    const text = this.draft.trim();
    if (text === '' || this.noting) return false;
    this.noting = true;
    if (this.#sending?.text !== text) this.#sending = { text, key: crypto.randomUUID() };
    const { key } = this.#sending;
    const went = await this.options.attempt(async () => {
      await this.options.api.note(this.id, text, key, this.mentions);
      await this.loadNotes();
    });
    if (went) this.draft = '';
    if (went) this.mentions = [];
    if (went) this.#sending = null;
    this.noting = false;
    return went;
  }

  /** Does something to it that answers with it as it is then. */
  act(act: (ticket: string) => Promise<DeskTicket>): Promise<boolean> {
    return this.#act(() => act(this.id));
  }

  /** One after the other: what a key asked for while an answer was on its way is done next. */
  #act(act: () => Promise<DeskTicket>): Promise<boolean> {
    return this.#turns.take(async () => {
      this.busy = true;
      const went = await this.options.attempt(async () => {
        const ticket = await act();
        this.happened(ticket);
        this.options.changed(ticket);
      });
      this.busy = false;
      return went;
    });
  }

  async loadNotes(before?: number): Promise<void> {
    const generation = this.#generation;
    const page = await this.options.api.notes(this.id, before).catch(() => null);
    if (page === null || this.#stopped || generation !== this.#generation) return;
    this.options.talk.learn(page.people);
    const isAnew = this.#notesOf !== generation;
    this.#notesOf = generation;
    if (before !== undefined || isAnew) this.earlierNotes = page.more;
    // What was erased has a place and no text.
    const kept = page.notes.filter(({ kind }) => shownKinds.has(kind));
    this.notes = merged(isAnew ? [] : this.notes, kept);
  }

  #take(page: TicketPage): void {
    const { talk } = this.options;
    // An event may have told of a later change than this answer, which was on its way.
    const known = this.page?.ticket;
    const isBehind =
      known !== undefined && known.id === page.ticket.id && known.changed_at > page.ticket.changed_at;
    this.page = isBehind ? { ...page, ticket: known } : page;
    this.absent = false;
    if (talk.world !== null)
      talk.world = withRefreshed(talk.world, page.conversation, [page.visitor.person, ...page.people]);
    void talk.threads.open(page.conversation.id, page.conversation.unread);
  }

  /** Says that this agent looks. What it does not take part in comes from then on, which is told by an event. */
  async #tellLooking(): Promise<void> {
    if (document.visibilityState !== 'visible') return;
    await this.options.api.looking(this.id).catch(() => null);
    // It was left while the answer was on its way.
    if (this.#stopped) this.#lookAway();
  }

  #lookAway(): void {
    void this.options.api.lookAway(this.id).catch(() => undefined);
  }

  /** What happens comes from now on, or no longer. */
  async followed(on: boolean): Promise<void> {
    await this.#refresh();
    if (on) return this.loadNotes();
    // Whoever takes part no longer looks on.
    await this.#tellLooking();
  }

  /** Asks for what may have happened since it was loaded. */
  async #refresh(): Promise<void> {
    const { talk } = this.options;
    await talk.client.api.conversation(this.id).then(
      ({ conversation, people }) => {
        if (talk.world === null || this.#stopped) return;
        talk.world = withRefreshed(talk.world, conversation, people);
        void talk.threads.open(conversation.id, conversation.unread);
      },
      () => undefined,
    );
  }
}

function merged(before: readonly StaffEvent[], more: readonly StaffEvent[]): readonly StaffEvent[] {
  const bySeq = new Map([...before, ...more].map((note) => [note.seq, note]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
