/*
 * The messages of one ticket, from pages of its history and from what the feed brings, in any order and twice: an event is put
 * in its place by its `seq`, an amendment changes the message that it names.
 */
import type { VisitorTicket } from './door';
import type {
  Amended,
  EventOf,
  FeedEvent,
  HistoryPage,
  MessageEvent,
  MessageFile,
  Outgoing,
} from '@encke/sdk';

/** The stream in which edits and recalls of a conversation come, and what happens to its ticket. */
export function amendmentsOf(conversation: string): string {
  return `a${conversation.slice(1)}`;
}

/** What a card shows beside its title. */
export type SaidCard = NonNullable<MessageEvent['body']['card']>;

/** What is shown of an event that a person may read. */
export interface Said {
  readonly seq: number;
  readonly at: number;
  readonly from: string;
  readonly text: string;
  readonly files: readonly MessageFile[];
  /** What it shows, if it is a card: the text is its title, the first file its picture. */
  readonly card: SaidCard | null;
  readonly replyTo: number | null;
  readonly edited: boolean;
  readonly recalled: boolean;
}

/** Messages of a ticket that are kept; the oldest go first. They come again when somebody scrolls up. */
export const saidMax = 2_000;

export class Thread {
  readonly conversation: string;
  /** Whether there are older ones than those held. */
  more = false;
  #said = new Map<number, Said>();
  #edits = new Map<number, Pick<Said, 'text' | 'edited'>>();
  /** The pieces that are in the texts of growing messages. */
  #pieces = new Map<number, number>();
  #recalled = new Set<number>();

  constructor(conversation: string) {
    this.conversation = conversation;
  }

  /** In the order of the conversation. */
  get said(): Said[] {
    return [...this.#said.values()].sort((a, b) => a.seq - b.seq);
  }

  get firstSeq(): number | null {
    const all = [...this.#said.keys()];
    return all.length === 0 ? null : Math.min(...all);
  }

  has(seq: number): Said | undefined {
    return this.#said.get(seq);
  }

  /** A page of the history. `older`: of those before what is held. */
  page(page: HistoryPage, older: boolean): void {
    if (older || this.#said.size === 0) this.more = page.more;
    for (const event of page.events) this.event(event);
    for (const amended of page.amended) this.#amend(amended);
  }

  /** Whether anything that is shown has changed. */
  event(event: FeedEvent): boolean {
    if (event.stream === this.conversation) {
      if (event.kind === 'message') return this.#add(event);
      return event.kind === 'erased' && this.#put(placeholder(event));
    }
    if (event.kind === 'piece' || event.kind === 'grown') return this.#grow(event);
    if (event.stream !== amendmentsOf(this.conversation)) return false;
    if (event.kind === 'edited' || event.kind === 'whole')
      return this.#edit(event.body.message, event.body.text, event.kind === 'edited');
    return event.kind === 'recalled' && this.#recall(event.body.message);
  }

  #add(event: MessageEvent): boolean {
    const { seq, at, from = '', body } = event;
    if (this.#recalled.has(seq)) return this.#put(placeholder(event));
    return this.#put({
      seq,
      at,
      from,
      text: body.text,
      files: body.files ?? [],
      card: body.card ?? null,
      replyTo: body.reply_to ?? null,
      edited: false,
      recalled: false,
      ...this.#edits.get(seq),
    });
  }

  #put(said: Said): boolean {
    this.#said.set(said.seq, said);
    if (this.#said.size > saidMax) {
      this.#said.delete(this.firstSeq ?? 0);
      this.more = true;
    }
    return true;
  }

  #amend({ message, text, edits, growth }: Amended): void {
    if (growth !== undefined) this.#pieces.set(message, growth.pieces);
    if (text !== undefined) this.#edit(message, text, edits !== undefined);
  }

  #edit(message: number, text: string, edited: boolean): boolean {
    this.#edits.set(message, { text, edited });
    const said = this.#said.get(message);
    return said !== undefined && !said.recalled && this.#put({ ...said, text, edited });
  }

  /** After a hole the next one that has the whole text helps. */
  #grow({ kind, stream, body: { message, n, text } }: EventOf<'piece'> | EventOf<'grown'>): boolean {
    const known = this.#pieces.get(message) ?? 0;
    const said = this.#said.get(message);
    const isNext = kind === 'grown' ? n > known : n === known + 1;
    if (said === undefined || !isNext || stream.slice(1) !== this.conversation.slice(1)) return false;
    this.#pieces.set(message, n);
    return this.#edit(message, kind === 'grown' ? text : said.text + text, false);
  }

  #recall(message: number): boolean {
    this.#recalled.add(message);
    this.#edits.delete(message);
    const said = this.#said.get(message);
    return said !== undefined && this.#put(placeholder(said));
  }
}

function placeholder({ seq, at, from = '' }: { seq: number; at: number; from?: string }): Said {
  return { seq, at, from, text: '', files: [], card: null, replyTo: null, edited: false, recalled: true };
}

/** A line of the screen. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | {
      readonly kind: 'said';
      readonly key: string;
      readonly said: Said;
      readonly mine: boolean;
      readonly first: boolean;
    }
  | { readonly kind: 'out'; readonly key: string; readonly out: Outgoing; readonly first: boolean };

/** Messages of one person that come within this time stand together. */
const together_ms = 5 * 60_000;

/** The lines of a thread: days between, and behind all what is on its way. */
export function rowsOf(
  said: readonly Said[],
  outgoing: readonly Outgoing[],
  isMe: (person: string) => boolean,
): Row[] {
  const rows: Row[] = [];
  let day = '';
  let last: { from: string; at: number; mine: boolean } | null = null;
  for (const each of said) {
    const date = new Date(each.at).toDateString();
    if (date !== day) {
      rows.push({ kind: 'day', key: `day ${date}`, at: each.at });
      last = null;
    }
    day = date;
    const first: boolean = last === null || last.from !== each.from || each.at - last.at > together_ms;
    const mine = isMe(each.from);
    rows.push({ kind: 'said', key: `said ${each.seq}`, said: each, mine, first });
    last = { from: each.from, at: each.at, mine };
  }
  for (const out of outgoing) {
    rows.push({ kind: 'out', key: `out ${out.key}`, out, first: last?.mine !== true });
    last = { from: '', at: out.createdAt, mine: true };
  }
  return rows;
}

/** The ticket that an event tells of; null if it tells of none. */
export function statusIn(event: FeedEvent): VisitorTicket | null {
  const { kind, body, stream } = event as { kind: string; body: unknown; stream: string };
  if (kind !== 'ticket_status' || typeof body !== 'object' || body === null) return null;
  const ticket = body as VisitorTicket;
  return stream === amendmentsOf(ticket.id) ? ticket : null;
}
