import type { EnckeClient, FeedEvent, Me, Signal } from '@encke/sdk';
import { AutomationApi, DeskApi, type Desk, type DeskTicket } from '@encke/sdk/desk';
import { PushSwitch } from '@encke/shell/push';
import { Shell, type Inside } from '@encke/shell/state';
import { calledOf, Talk, vocabulary as talkVocabulary } from '@encke/talk/state';
import type { TextStorage } from '@encke/ui/plain';
import { vocabulary, type Words } from '../i18n/words';
import { hashOf, placeInHash, seqInHash, type Place } from '../model/route';
import { Alerts } from './alerts.svelte';
import { Idle } from './idle.svelte';
import { OpenDesk } from './open-desk.svelte';
import { OpenTicket } from './open-ticket.svelte';

export type OpenDialog = 'keys' | 'password' | 'create' | 'transfer' | 'macros' | 'merge' | 'split';

/** Desks whose waiting visitors are asked for at the start. */
const desksListedMax = 10;

/** The screen of the staff: which desk and which ticket the address names, and what is told of them. */
export class DeskScreen {
  readonly shell: Shell;
  /** Null while nobody is signed in. */
  talk: Talk | null = $state.raw(null);
  alerts: Alerts | null = $state.raw(null);
  push: PushSwitch | null = $state.raw(null);
  idle: Idle | null = $state.raw(null);
  place: Place = $state.raw({ at: 'start' });
  /** Null until they are loaded. */
  desks: readonly Desk[] | null = $state.raw(null);
  failed = $state(false);
  desk: OpenDesk | null = $state.raw(null);
  ticket: OpenTicket | null = $state.raw(null);
  dialog: OpenDialog | null = $state(null);
  /** A desk that was just made: its line is to be copied. */
  made: Desk | null = $state.raw(null);
  /** Whether the facts about the visitor stand beside the thread where there is no room for them. */
  panel = $state(false);

  #api: DeskApi | null = null;

  constructor(private readonly storage: TextStorage) {
    this.shell = new Shell(storage, {
      open: (client, me) => this.#enter(client, me),
      loadWords: (language) => Promise.all([vocabulary.load(language), talkVocabulary.load(language)]),
      offline: () => Promise.resolve(null),
      forgetOffline: () => undefined,
    });
  }

  get words(): Words {
    return vocabulary.in(this.shell.preferences.current.language);
  }

  get api(): DeskApi {
    this.#api ??= new DeskApi(this.shell.api);
    return this.#api;
  }

  get automation(): AutomationApi {
    return new AutomationApi(this.shell.api);
  }

  /** The name of a ticket's visitor, if its ticket is known here. */
  visitorOf(ticket: string): string {
    const row = this.desk?.inbox.list.rows.find((each) => each.ticket.id === ticket);
    return row?.visitor.display_name ?? this.ticket?.page?.visitor.person.display_name ?? ticket;
  }

  /** Whether a person is the visitor of a ticket, or was before it was merged into that one: no other visitor is in it. */
  isVisitor(visitor: string | undefined, person: string): boolean {
    return person === visitor || this.talk?.world?.people.get(person)?.role === 'guest';
  }

  /** What a person is called on this screen. */
  called(person: string): string {
    const { talk } = this;
    return talk?.world == null ? '' : calledOf(talk.world, person, talk.words);
  }

  go(place: Place): void {
    const hash = hashOf(place);
    if (location.hash !== hash) location.hash = hash;
    else this.followAddress();
  }

  /** Shows a ticket of the open desk, or none. */
  show(ticket: string | null): void {
    if (this.desk === null) return;
    this.panel = false;
    const place: Place = { at: 'tickets', desk: this.desk.id, ticket };
    // A ticket is a step that the browser's Back undoes. Going back to the list is none.
    if (ticket === null) history.replaceState(null, '', hashOf(place));
    else if (location.hash !== hashOf(place)) location.hash = hashOf(place);
    this.followAddress();
  }

  followAddress(): void {
    const place = placeInHash(location.hash);
    this.place = place;
    this.#openDesk(place.at === 'start' ? null : place.desk);
    const ticket = place.at === 'tickets' && this.desk !== null ? place.ticket : null;
    this.#openTicket(ticket);
    const seq = seqInHash(location.hash);
    if (ticket !== null && seq !== null) void this.talk?.jump(ticket, seq);
  }

  async loadDesks(): Promise<void> {
    try {
      const { desks } = await this.api.desks();
      this.desks = desks;
      this.failed = false;
    } catch {
      this.failed = true;
      return;
    }
    this.#followDesks(this.desks);
    const [first] = this.desks;
    if (first !== undefined && placeInHash(location.hash).at === 'start' && this.made === null)
      history.replaceState(null, '', hashOf({ at: 'tickets', desk: first.id, ticket: null }));
    this.followAddress();
    void this.#listWaiters();
  }

  /** Makes a desk. Its line to copy is shown next. */
  async create(name: string): Promise<boolean> {
    return this.shell.attempt(async () => {
      const desk = await this.api.createDesk(name.trim());
      this.made = desk;
      this.desks = [...(this.desks ?? []).filter(({ id }) => id !== desk.id), desk];
      this.dialog = null;
      this.go({ at: 'start' });
    });
  }

  /** A desk as it is after a change. */
  changed(desk: Desk): void {
    this.desks = (this.desks ?? []).map((each) => (each.id === desk.id ? desk : each));
    if (this.desk?.id === desk.id) this.desk.desk = desk;
  }

  #enter(client: EnckeClient, me: Me): Inside {
    const talk = new Talk({
      client,
      person: me.id,
      storage: this.storage,
      choices: () => this.shell.preferences.current,
      linkTo: (ticket, seq) =>
        new URL(`${hashOf({ at: 'tickets', desk: this.desk?.id ?? '', ticket })}/${seq}`, location.href).href,
      attempt: (action) => this.shell.attempt(action),
      notify: (text) => this.shell.notices.show(text),
      offer: (text, action) => this.shell.notices.offer(text, action),
      came: () => this.desk?.inbox.refresh(),
      reported: () => undefined,
      shown: () => undefined,
    });
    this.talk = talk;
    this.#api = new DeskApi(client.api);
    this.alerts = new Alerts({
      me: me.id,
      storage: this.storage,
      text: (ticket) => this.#alertText(ticket),
      open: (ticket) => this.show(ticket),
    });
    this.push = new PushSwitch(this.shell, '../worker.js');
    this.idle = new Idle(
      this.storage,
      () => this.desk,
      // Nobody sits here to read a refusal. It is tried again.
      (desk, availability) =>
        desk.setAvailability(availability, (action) =>
          action().then(
            () => true,
            () => false,
          ),
        ),
    );
    talk.start(null);
    const undo = [
      client.on('snapshot', () => this.#again()),
      client.on('event', (event) => this.#happened(event)),
      client.on('signal', (signal) => this.#signalled(signal)),
    ];
    return {
      settle: () => talk.leave(),
      stop: () => {
        for (const each of undo) each();
        this.#openTicket(null);
        this.#openDesk(null);
        this.alerts?.stop();
        this.push?.end();
        this.idle?.stop();
        talk.stop();
        this.talk = this.alerts = this.push = this.idle = this.desks = this.dialog = this.made = null;
      },
      forget: () => talk.forget(),
    };
  }

  /** A new snapshot: what was told meanwhile may have passed by. */
  #again(): void {
    void this.loadDesks();
    this.desk?.inbox.forget();
    void this.desk?.loadAgents();
    void this.ticket?.again();
  }

  #happened(event: FeedEvent): void {
    switch (event.kind) {
      case 'ticket':
        return this.#ticketChanged(event.body);
      case 'agent':
        return void this.desk?.loadAgents();
      case 'desk_alert':
        return this.#called(event.stream, event.body);
      case 'note':
        if (event.body.mentions?.includes(this.talk?.options.person ?? '') === true)
          this.#mentioned(event.stream);
        return isOf(event.stream, this.ticket?.id) ? this.ticket?.noted(event) : undefined;
      case 'ticket_merged':
      case 'ticket_split':
        return isOf(event.stream, this.ticket?.id) ? this.ticket?.noted(event) : undefined;
      case 'ticket_followed':
        if (event.body.ticket === this.ticket?.id) void this.ticket.followed(event.body.on);
        return this.desk?.inbox.refresh();
      case 'contact_erased':
        return this.#erased(event.body.person);
      case 'message':
        if (event.stream === this.ticket?.id && event.from === this.ticket.ticket?.visitor)
          this.ticket.typed('');
        return;
      case 'conversation_added':
      case 'conversation_removed':
      case 'role_changed':
        return void this.loadDesks();
      default:
        return;
    }
  }

  /** A contact was erased: nothing of it stays on screen or in memory. */
  #erased(person: string): void {
    this.desk?.inbox.forget();
    if (this.ticket?.ticket?.visitor === person) void this.ticket.erased();
    void this.desk?.countMentions();
  }

  /** Somebody called this agent by a note. It has seen it if the ticket is open. */
  #mentioned(stream: string): void {
    const { ticket, desk } = this;
    if (isOf(stream, ticket?.id)) void ticket?.mentionsSeen().then(() => desk?.countMentions());
    else void desk?.countMentions();
  }

  /** A rule calls. Those who lead the desk hear it. */
  #called(stream: string, { ticket, rule }: { ticket: string; rule: string }): void {
    const desk = this.desks?.find(({ id }) => isOf(stream, id));
    if (desk === undefined || desk.role === 'member') return;
    this.alerts?.call({ ticket, desk: desk.id, rule });
  }

  #ticketChanged(ticket: DeskTicket): void {
    this.alerts?.happened(ticket);
    if (this.desk?.id === ticket.desk) this.desk.happened(ticket);
    const { ticket: open, desk, talk } = this;
    if (open?.id !== ticket.id) return;
    const before = open.ticket;
    open.happened(ticket);
    // Whoever takes a ticket goes on with it among its own.
    const isTaken = before?.owner !== ticket.owner && ticket.owner === talk?.options.person;
    if (isTaken && desk?.inbox.shown.view === 'unassigned') desk.inbox.show({ view: 'mine' });
  }

  #signalled(signal: Signal): void {
    if (signal.kind === 'looking' && signal.body.ticket === this.ticket?.id) this.ticket.looked(signal.from);
    if (signal.kind === 'visitor_draft' && signal.body.ticket === this.ticket?.id)
      this.ticket.typed(signal.body.text);
  }

  /** The open desk as it is now. It is left when this person is no longer of its staff. */
  #followDesks(desks: readonly Desk[]): void {
    if (this.desk === null) return;
    const now = desks.find(({ id }) => id === this.desk?.id);
    if (now !== undefined) {
      this.desk.desk = now;
      return;
    }
    history.replaceState(null, '', hashOf({ at: 'start' }));
    this.#openTicket(null);
    this.#openDesk(null);
  }

  #openDesk(id: string | null): void {
    if (id === (this.desk?.id ?? null)) return;
    this.desk?.stop();
    this.desk = null;
    const desk = this.desks?.find((each) => each.id === id);
    if (desk === undefined || this.talk === null) return;
    this.made = null;
    this.desk = new OpenDesk(desk, this.api, this.talk, this.talk.options.person, this.automation);
    this.desk.begin();
  }

  #openTicket(id: string | null): void {
    const { talk } = this;
    if (id === (this.ticket?.id ?? null)) return;
    this.ticket?.stop();
    this.ticket = null;
    talk?.show(id);
    if (id === null || talk === null) return;
    this.ticket = new OpenTicket({
      api: this.api,
      talk,
      id,
      me: talk.options.person,
      attempt: (action) => this.shell.attempt(action),
      taken: (owner) => this.shell.notices.show(this.words.ticket.taken(this.called(owner)), 'error'),
      changed: (ticket) => this.#ticketChanged(ticket),
    });
    this.ticket.begin();
    const { desk, ticket } = this;
    if ((desk?.mentionsUnseen ?? 0) > 0) void ticket.mentionsSeen().then(() => desk?.countMentions());
    this.alerts?.answered(id);
  }

  async #listWaiters(): Promise<void> {
    for (const { id } of (this.desks ?? []).slice(0, desksListedMax)) {
      for (const view of ['unassigned', 'mine'] as const) {
        const list = await this.api.tickets(id, { view, state: 'open' }).catch(() => null);
        if (list !== null) this.alerts?.listed(list.tickets.map(({ ticket }) => ticket));
      }
    }
  }

  #alertText(ticket: string): { title: string; body: string } {
    const { notice, list } = this.words;
    const row = this.desk?.inbox.list.rows.find((each) => each.ticket.id === ticket);
    const name = row?.visitor.display_name;
    return { title: notice.title, body: name === undefined ? list.waits('0:00') : notice.body(name) };
  }
}

/** Whether a stream of notes belongs to a ticket: both have its number. */
function isOf(stream: string, ticket: string | undefined): boolean {
  return ticket !== undefined && stream.slice(1) === ticket.slice(1);
}
