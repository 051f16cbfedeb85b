/**
 * The calls for the staff of a desk. A file of its own (`@encke/sdk/desk`), so that nobody else's first load carries them.
 *
 * Entry point: `DeskApi`.
 */
import type { Api } from './api.js';
import type { EventOf, Person } from './types.js';
import type { components, operations } from './wire.js';

export * from './desk-automation.js';

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
/** What appears beside the button on some pages of a site. */
export type Greeting = Schemas['Greeting'];
/** A question that many have, with what answers it. */
export type CommonQuestion = Schemas['CommonQuestion'];
/** A product or an order, as it is sent. */
export type NewCard = Schemas['NewCard'];
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

export type Article = Schemas['Article'];
/** An article as it is written: titles and texts in both languages, in Markdown. */
export type ArticleContent = Schemas['ArticleContent'];
export type ArticleTitle = Schemas['ArticleTitle'];
/** A field of the form before the first question. */
export type FormField = Schemas['FormField'];
/** The address of a ticket's visitor, and what became of the answers that were mailed there. */
export type TicketMail = Schemas['TicketMail'];
export type Mailbox = Schemas['MailboxShown'];

export type CannedReply = Schemas['CannedReply'];
export type CannedReplies = Schemas['CannedReplies'];

/** What a visitor is to the staff as a person. */
export type ContactRow = Schemas['ContactRow'];
export type Contacts = Schemas['Contacts'];
export type ContactPage = Schemas['ContactPage'];
export type ContactFields = Schemas['ContactFields'];
export type ContactNote = Schemas['ContactNote'];
export type ContactChange = Schemas['ContactChange'];
/** Agents that a ticket can be for. */
export type DeskTeam = Schemas['DeskTeam'];
export type TicketChoice = Schemas['TicketChoice'];
export type FoundTickets = Schemas['FoundTickets'];
export type SavedView = Schemas['SavedView'];
export type BulkChange = Schemas['BulkChange'];
export type BulkResult = Schemas['BulkResult'];
export type StaffMention = Schemas['StaffMention'];
export type StaffMentions = Schemas['StaffMentions'];
/** The secret with which a site signs who its visitor is, without what is secret of it. */
export type SecretShown = Schemas['SecretShown'];
export type NewSecret = Schemas['NewSecret'];

/** What staff wrote for staff. */
export type NoteEvent = EventOf<'note'>;
/** That the ticket was merged or split: it leads to the other one. */
export type TicketLinkEvent = EventOf<'ticket_merged'> | EventOf<'ticket_split'>;
/** What only the staff of a ticket is told. */
export type StaffEvent = NoteEvent | TicketLinkEvent;
/** A page of notes: older ones are those before the first. */
export interface NotePage {
  notes: StaffEvent[];
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
    change: { capacity?: number; skills?: string[]; reads_only?: boolean },
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

  /** Begins to talk with a visitor that is on the site. With the same `key`, it is one invitation. */
  invite(desk: string, person: string, text: string, key: string): Promise<DeskTicket> {
    const path = `${at(desk)}/visitors/${encodeURIComponent(person)}/invitation`;
    return this.#api.call('POST', path, { text, key });
  }

  /** Shows a product or an order in a ticket. With the same `key`, it is one card. */
  sendCard(ticket: string, card: NewCard, key: string): Promise<void> {
    return this.#api.call('POST', `/v1/conversations/${encodeURIComponent(ticket)}/cards`, { card, key });
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

  /** The blocked visitors, behind the one with the id `after`. Owners and supervisors see them. */
  blocked(desk: string, after?: string): Promise<{ people: Person[]; more: boolean }> {
    return this.#api.call('GET', `${at(desk)}/blocked?${text({ after })}`);
  }

  articles(desk: string): Promise<{ articles: ArticleTitle[] }> {
    return this.#api.call('GET', `${at(desk)}/articles`);
  }

  article(desk: string, id: number): Promise<Article> {
    return this.#api.call('GET', `${at(desk)}/articles/${id}`);
  }

  /** Writes an article anew, or a new one without an id. Owners and supervisors do it. */
  writeArticle(desk: string, id: number | null, content: ArticleContent): Promise<Article> {
    return id === null
      ? this.#api.call('POST', `${at(desk)}/articles`, content)
      : this.#api.call('PUT', `${at(desk)}/articles/${id}`, content);
  }

  deleteArticle(desk: string, id: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/articles/${id}`);
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

  /** Ends it: what its visitor writes comes in the other one, which is answered. */
  mergeTicket(id: string, into: string): Promise<DeskTicket> {
    return this.#api.call('POST', `${of(id)}/merge`, { into });
  }

  /** Opens a further ticket for a message, with a first message of the caller. */
  splitTicket(id: string, message: number, text: string, key: string): Promise<DeskTicket> {
    return this.#api.call('POST', `${of(id)}/split`, { message, text, key });
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
  note(id: string, text: string, key: string, mentions: readonly string[] = []): Promise<unknown> {
    return this.#api.call('POST', `${of(id)}/notes`, { text, key, mentions });
  }

  /** People that have asked or that the site or the staff knows; `q` is a part of a name, an address or a number. */
  contacts(desk: string, q: string, before?: string): Promise<Contacts> {
    return this.#api.call('GET', `${at(desk)}/contacts?${text({ q, before })}`);
  }

  contact(desk: string, person: string): Promise<ContactPage> {
    return this.#api.call('GET', contactAt(desk, person));
  }

  changeContact(desk: string, person: string, change: ContactChange): Promise<ContactFields> {
    return this.#api.call('PATCH', contactAt(desk, person), change);
  }

  noteContact(desk: string, person: string, note: string): Promise<ContactNote> {
    return this.#api.call('POST', `${contactAt(desk, person)}/notes`, { text: note });
  }

  deleteContactNote(desk: string, person: string, number: number): Promise<void> {
    return this.#api.call('DELETE', `${contactAt(desk, person)}/notes/${number}`);
  }

  /** The tickets of the first become those of the second. */
  mergeContact(desk: string, person: string, into: string): Promise<void> {
    return this.#api.call('POST', `${contactAt(desk, person)}/merge`, { into });
  }

  /** Everything about a contact, as it is kept. */
  exportContact(desk: string, person: string): Promise<object> {
    return this.#api.call('GET', `${contactAt(desk, person)}/export`);
  }

  /** Cannot be undone. */
  eraseContact(desk: string, person: string): Promise<void> {
    return this.#api.call('DELETE', contactAt(desk, person));
  }

  teams(desk: string): Promise<{ teams: DeskTeam[] }> {
    return this.#api.call('GET', `${at(desk)}/teams`);
  }

  makeTeam(desk: string, name: string): Promise<DeskTeam> {
    return this.#api.call('POST', `${at(desk)}/teams`, { name });
  }

  setTeam(desk: string, number: number, members: readonly string[]): Promise<DeskTeam> {
    return this.#api.call('PUT', `${at(desk)}/teams/${number}`, { members });
  }

  deleteTeam(desk: string, number: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/teams/${number}`);
  }

  /** Up to 100 tickets, each answered by itself. */
  changeTickets(desk: string, change: BulkChange): Promise<{ results: BulkResult[] }> {
    return this.#api.call('POST', `${at(desk)}/bulk`, change);
  }

  findTickets(desk: string, choice: TicketChoice): Promise<FoundTickets> {
    return this.#api.call('GET', `${at(desk)}/found?${text(choice)}`);
  }

  views(desk: string): Promise<{ views: SavedView[] }> {
    return this.#api.call('GET', `${at(desk)}/views`);
  }

  saveView(desk: string, view: { name: string; own: boolean; choice: TicketChoice }): Promise<SavedView> {
    return this.#api.call('POST', `${at(desk)}/views`, view);
  }

  deleteView(desk: string, number: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/views/${number}`);
  }

  /** The caller's mentions in notes, the newest first. */
  mentions(desk: string, before?: string): Promise<StaffMentions> {
    return this.#api.call('GET', `${at(desk)}/mentions?${text({ before })}`);
  }

  mentionsSeen(ticket: string): Promise<void> {
    return this.#api.call('PUT', `${of(ticket)}/mentions`);
  }

  secrets(desk: string): Promise<{ secrets: SecretShown[] }> {
    return this.#api.call('GET', `${at(desk)}/secrets`);
  }

  /** Its text comes with this answer alone. The one before holds on; older ones end. */
  makeSecret(desk: string): Promise<NewSecret> {
    return this.#api.call('POST', `${at(desk)}/secrets`);
  }

  endSecret(desk: string, number: number): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/secrets/${number}`);
  }

  /** Where mails come in. Throws `not_found` if the desk has no mailbox. */
  mailbox(desk: string): Promise<Mailbox> {
    return this.#api.call('GET', `${at(desk)}/mailbox`);
  }

  setMailbox(desk: string, address: string): Promise<Mailbox> {
    return this.#api.call('PUT', `${at(desk)}/mailbox`, { address });
  }

  deleteMailbox(desk: string): Promise<void> {
    return this.#api.call('DELETE', `${at(desk)}/mailbox`);
  }

  /** The token comes with this answer alone. The one before it ends. */
  makeMailboxToken(desk: string): Promise<{ token: string }> {
    return this.#api.call('POST', `${at(desk)}/mailbox/token`);
  }

  /** Tells the others that the caller looks at a ticket, whose events come then. `begins`: they did not before. */
  looking(id: string): Promise<{ begins: boolean }> {
    return this.#api.call('PUT', `${of(id)}/looking`);
  }

  lookAway(id: string): Promise<void> {
    return this.#api.call('DELETE', `${of(id)}/looking`);
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
const contactAt = (desk: string, person: string): string =>
  `${at(desk)}/contacts/${encodeURIComponent(person)}`;
const of = (ticket: string): string => `/v1/tickets/${encodeURIComponent(ticket)}`;
