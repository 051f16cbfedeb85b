/**
 * The calls for the staff of a desk. A file of its own (`@encke/sdk/desk`), so that nobody else's first load carries them.
 *
 * Entry point: `DeskApi`.
 */
import type { Api } from './api.js';
import type { EventOf, Person } from './types.js';
import type { components, operations } from './wire.js';

type Schemas = components['schemas'];

export type Desk = Schemas['Desk'];
export type DeskSettings = Schemas['DeskSettings'];
/** A text in the languages of the widget; empty without one. */
export type DeskText = Schemas['DeskText'];
export type DeskHours = Schemas['Hours'];
/** A span of a day in minutes: 1440 is its end. */
export type OpenSpan = Schemas['OpenSpan'];
export type Assignment = Schemas['Assignment'];
export type DeskAgent = Schemas['Agent'];
export type Availability = Schemas['Availability'];
/** A visitor's question, with its state and its owner. `Ticket` is the pass to the feed. */
export type DeskTicket = Schemas['DeskTicket'];
export type TicketState = Schemas['TicketState'];
export type TicketView = 'mine' | 'unassigned' | 'all';
export type TicketRow = Schemas['TicketRow'];
export type TicketList = Schemas['TicketList'];
export type TicketQuery = NonNullable<operations['tickets']['parameters']['query']>;
export type TicketPage = Schemas['TicketPage'];
/** What is known of a visitor. It is what its browser and the site say, but for `person`, `present` and `seen_at`. */
export type VisitorShown = Schemas['VisitorShown'];
export type VisitorsHere = Schemas['VisitorsHere'];

/** What was asked in a time, and what became of it. */
export type DeskReport = Schemas['DeskReport'];
export type Figures = Schemas['Figures'];
export type DayFigures = Schemas['DayFigures'];
export type WantedReport = operations['desk_report']['parameters']['query'];
/** The tickets behind a report: `from` and `to` in milliseconds since 1970, of an agent, a team or a tag. */
export type WantedTickets = operations['report_tickets']['parameters']['query'];
export type ReportTickets = Schemas['ReportTickets'];

/** The address of a ticket's visitor, and what became of the answers that were mailed there. */
export type TicketMail = Schemas['TicketMail'];

export type CannedReply = Schemas['CannedReply'];
export type CannedReplies = Schemas['CannedReplies'];

/** What staff wrote for staff. */
export type NoteEvent = EventOf<'note'>;
/** A page of notes: older ones are those before the first. */
export interface NotePage {
  notes: NoteEvent[];
  more: boolean;
  people: Person[];
}
export type TicketChange = Schemas['TicketChange'];

export class DeskApi {
  readonly #api: Pick<Api, 'call'>;

  constructor(api: Pick<Api, 'call'>) {
    this.#api = api;
  }

  /** The desks of the caller. */
  desks(): Promise<{ desks: Desk[] }> {
    return this.#api.call('GET', '/v1/desks');
  }

  createDesk(name: string): Promise<Desk> {
    return this.#api.call('POST', '/v1/desks', { name });
  }

  changeDesk(desk: string, change: { name?: string; settings?: DeskSettings }): Promise<Desk> {
    return this.#api.call('PATCH', at(desk), change);
  }

  agents(desk: string): Promise<{ agents: DeskAgent[] }> {
    return this.#api.call('GET', `${at(desk)}/agents`);
  }

  /** Sets the caller's own availability, or its capacity. */
  setMe(desk: string, change: { availability?: Availability; capacity?: number }): Promise<unknown> {
    return this.#api.call('PUT', `${at(desk)}/me`, change);
  }

  changeAgent(
    desk: string,
    person: string,
    change: { capacity?: number; skills?: string[] },
  ): Promise<unknown> {
    return this.#api.call('PUT', `${at(desk)}/agents/${encodeURIComponent(person)}`, change);
  }

  tickets(desk: string, query: TicketQuery): Promise<TicketList> {
    return this.#api.call('GET', `${at(desk)}/tickets?${text(query)}`);
  }

  /** Owners and supervisors see it. */
  report(desk: string, query: WantedReport): Promise<DeskReport> {
    return this.#api.call('GET', `${at(desk)}/report?${text(query)}`);
  }

  reportTickets(desk: string, query: WantedTickets): Promise<ReportTickets> {
    return this.#api.call('GET', `${at(desk)}/report/tickets?${text(query)}`);
  }

  /** The address of the same tickets as a table, on this page's own server. */
  reportTable(desk: string, { from, to }: Pick<DeskReport, 'from' | 'to'>): string {
    return `${at(desk)}/report.csv?${text({ from, to })}`;
  }

  /** The visitors who have opened a page of the site lately. */
  visitors(desk: string, before?: string): Promise<VisitorsHere> {
    const query = before === undefined ? '' : `?before=${encodeURIComponent(before)}`;
    return this.#api.call('GET', `${at(desk)}/visitors${query}`);
  }

  /** A blocked visitor writes nothing to the desk. */
  block(desk: string, person: string, on: boolean): Promise<void> {
    return this.#api.call(on ? 'PUT' : 'DELETE', `${at(desk)}/blocked/${encodeURIComponent(person)}`);
  }

  /** The replies that have this text in them, behind the one with the number `after`. */
  canned(desk: string, q: string, after?: number): Promise<CannedReplies> {
    return this.#api.call('GET', `${at(desk)}/canned?${text({ q, after })}`);
  }

  /** The caller's own, or that of the desk, which owners and supervisors make. */
  createCanned(desk: string, reply: { shortcut: string; text: string; own: boolean }): Promise<CannedReply> {
    return this.#api.call('POST', `${at(desk)}/canned`, reply);
  }

  changeCanned(desk: string, id: number, change: { shortcut: string; text: string }): Promise<CannedReply> {
    return this.#api.call('PATCH', `${at(desk)}/canned/${id}`, change);
  }

  deleteCanned(desk: string, id: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/canned/${id}`);
  }

  ticket(id: string): Promise<TicketPage> {
    return this.#api.call('GET', of(id));
  }

  /** Makes the caller the owner; 409 `taken` if somebody else is. */
  claim(id: string): Promise<DeskTicket> {
    return this.#api.call('POST', `${of(id)}/claim`);
  }

  /** Gives it back to the queue. */
  giveBack(id: string): Promise<DeskTicket> {
    return this.#api.call('POST', `${of(id)}/return`);
  }

  transfer(id: string, to: { person?: string; team?: string; note?: string }): Promise<DeskTicket> {
    return this.#api.call('POST', `${of(id)}/transfer`, to);
  }

  changeTicket(id: string, change: TicketChange): Promise<DeskTicket> {
    return this.#api.call('PATCH', of(id), change);
  }

  /** What became of the mails of a ticket. */
  ticketMail(id: string): Promise<TicketMail> {
    return this.#api.call('GET', `${of(id)}/mail`);
  }

  notes(id: string, before?: number): Promise<NotePage> {
    return this.#api.call('GET', `${of(id)}/notes${before === undefined ? '' : `?before=${before}`}`);
  }

  /** Throws with the same `key` if the text is another one. */
  note(id: string, text: string, key: string): Promise<unknown> {
    return this.#api.call('POST', `${of(id)}/notes`, { text, key });
  }

  /** Tells the others that the caller looks at a ticket. */
  looking(id: string): Promise<void> {
    return this.#api.call('PUT', `${of(id)}/looking`);
  }
}

/** A query string of the values that are there. */
function text(query: object): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value == null ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(given).toString();
}

const at = (desk: string): string => `/v1/desks/${encodeURIComponent(desk)}`;
const of = (ticket: string): string => `/v1/tickets/${encodeURIComponent(ticket)}`;
