/* The whole panel. It is built once for each language, and looks at the visitor whenever something has changed. */
import { faultText } from '../i18n/words';
import { textIn, type Door } from '../model/door';
import { rowsOf, type Row } from '../model/thread';
import { Composer } from './composer';
import { fill, h, icon, Keyed, say } from '@encke/ui/elements';
import type { CardSender } from '../state/cards';
import type { FormView } from './form';
import { Header, type HeaderActions } from './header';
import { HelpView } from './help';
import { ratingView } from './rating';
import { rich } from './rich';
import { rowView, signOf } from './rows';
import type { Screen } from './screen';

/** Pixels from the end at which somebody counts as reading there. */
const atEnd_px = 60;
/** Pixels from the beginning at which older messages are asked for. */
const nearStart_px = 120;

export class Panel {
  readonly element: HTMLElement;
  readonly composer: Composer;
  readonly #screen: Screen;
  readonly #header: Header;
  readonly #banner = h('p', { class: 'banner', role: 'status', hidden: true });
  readonly #greeting = h('div', { class: 'greeting' });
  readonly #rows = h('div', { class: 'rows' });
  readonly #keyed: Keyed<Row>;
  readonly #typing = h('p', { class: 'typing', hidden: true });
  readonly #state = h('div', { class: 'state', role: 'status' });
  readonly #rating = h('div');
  readonly #form = h('div');
  readonly #help: HelpView;
  readonly #foot: HTMLElement;
  readonly #consent: HTMLElement;
  readonly #log: HTMLElement;
  readonly #down: HTMLButtonElement;
  /** What the desk asks first. A message waits for it while it loads. */
  #formView: FormView | 'loading' | null = null;
  #ratingSign = '';
  /** The form for an address. It comes while nobody is on duty, or in the end, and stays. */
  #mailShown: Promise<unknown> | undefined;
  #greetingSign = '';
  #last = '';
  #shown: string | null = null;
  #count = 0;

  constructor(screen: Screen, door: Door, actions: HeaderActions) {
    this.#screen = screen;
    const { words, visitor } = screen;
    this.#header = new Header(screen, actions);
    this.#help = new HelpView(screen, door.desk.questions ?? [], () => this.composer.focus());
    this.composer = new Composer(
      screen,
      (text, files) => this.#say(text, files),
      (text) => visitor.thread === null && this.#help.typed(text),
    );
    this.#keyed = new Keyed<Row>(
      this.#rows,
      (row) => signOf(row, screen, this.#last),
      (row) => rowView(row, screen, this.#last),
    );
    const messages = h(
      'div',
      { role: 'log', 'aria-label': words.messages, 'aria-live': 'polite' },
      this.#rows,
    );
    this.#log = h(
      'div',
      {
        class: 'log',
        tabindex: 0,
        role: 'region',
        'aria-label': words.messages,
        onscroll: () => this.#scrolled(),
      },
      this.#greeting,
      messages,
      this.#typing,
      this.#state,
      this.#rating,
      this.#help.element,
      this.#form,
    );
    this.#down = h(
      'button',
      {
        type: 'button',
        class: 'down',
        'aria-label': words.newest,
        title: words.newest,
        hidden: true,
        onclick: () => this.toEnd(),
      },
      icon('down'),
    );
    this.#consent = h(
      'div',
      { class: 'consent', hidden: true },
      h('p', {}, words.consent),
      h('button', { type: 'button', class: 'primary', onclick: () => visitor.agreed() }, words.agree),
    );
    this.#foot = h('footer', {}, this.#consent, this.composer.element);
    this.element = h(
      'main',
      {
        class: 'panel',
        ondragover: (event: DragEvent) => event.preventDefault(),
        ondrop: (event: DragEvent) => {
          event.preventDefault();
          this.composer.take(event);
        },
        onkeydown: (event: KeyboardEvent) => event.key === 'Escape' && screen.framed && actions.close(),
      },
      this.#header.element,
      this.#banner,
      h('div', { class: 'middle' }, this.#log, this.#down, this.#help.page),
      this.#foot,
    );
  }

  hand(card: CardSender): void {
    this.composer.hand(card, () => this.#filledIn());
  }

  toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  update(door: Door): void {
    const { visitor } = this.#screen;
    const { thread } = visitor;
    const other = this.#shown !== (thread?.conversation ?? null);
    const end = other || this.#isAtEnd();
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    this.#shown = thread?.conversation ?? null;
    this.#header.update(door);
    this.#showGreeting(door);
    const rows = rowsOf(thread?.said ?? [], visitor.outgoing, (person) => visitor.isMe(person));
    const mine = rows.findLast((row) => row.kind === 'said' && row.mine);
    this.#last = rows.at(-1)?.kind === 'out' ? '' : (mine?.key ?? '');
    this.#keyed.show(rows);
    this.#showState();
    this.#showRating(door);
    this.#showForm(door);
    this.#help.element.hidden = thread !== null || visitor.asking;
    this.#showBanner();
    const agree = visitor.mustAgree;
    this.#consent.hidden = !agree;
    this.composer.element.hidden = agree;
    this.composer.update();
    // Who reads at the end stays there; who reads above stays where it reads, also when older messages come in before.
    if (end) this.toEnd();
    else if (rows.length > this.#count && this.#log.scrollTop < nearStart_px)
      this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
    this.#count = rows.length;
    this.#down.hidden = this.#isAtEnd();
  }

  /** What the desk says first. It stands where a conversation begins. */
  #showGreeting(door: Door): void {
    const { visitor, words, locale } = this.#screen;
    const { greeting, offline } = door.desk;
    const text = door.open
      ? textIn(greeting, locale) || words.greeting
      : textIn(offline, locale) || words.closed;
    this.#greeting.hidden =
      visitor.thread?.more === true || (visitor.loading && visitor.thread?.said.length === 0);
    const sign = text;
    if (sign === this.#greetingSign) return;
    this.#greetingSign = sign;
    fill(
      this.#greeting,
      h('div', { class: 'bubble' }, h('div', { class: 'rich', dir: 'auto' }, ...rich(text))),
    );
  }

  #showState(): void {
    const { visitor, words } = this.#screen;
    const { ticket, typists } = visitor;
    this.#typing.hidden = typists.length === 0;
    say(this.#typing, typists.length === 0 ? '' : words.typing(typists.map(({ name }) => name).join(', ')));
    const parts: string[] = [];
    if (ticket?.state === 'resolved') parts.push(words.resolved, words.goOn);
    else if (ticket !== null && ticket.agent === undefined) {
      parts.push(ticket.place === undefined ? words.waiting : words.place(ticket.place));
    }
    say(this.#state, parts.join(' '));
  }

  #showRating({ open }: Door): void {
    const { ticket } = this.#screen.visitor;
    if (ticket !== null && (!open || ticket.state === 'resolved'))
      this.#mailShown ??= import('./mail').then(
        ({ showMail }) => showMail(this.#screen, this.#rating),
        // Not reached just now: with the next change it is tried again.
        () => (this.#mailShown = undefined),
      );
    const rated = ticket?.rating ?? null;
    const sign = ticket?.state === 'resolved' ? `${ticket.id} ${rated}` : '';
    if (sign === this.#ratingSign) return;
    this.#ratingSign = sign;
    fill(this.#rating, sign === '' ? null : ratingView(this.#screen, rated));
  }

  #showForm(door: Door): void {
    const { visitor } = this.#screen;
    const wanted = visitor.thread === null && !visitor.asking && !visitor.mustAgree && door.form.length > 0;
    if (wanted === (this.#formView !== null)) return;
    this.#formView = wanted ? 'loading' : null;
    fill(this.#form);
    if (!wanted) return;
    import('./form').then(
      ({ FormView }) => {
        if (this.#formView !== 'loading') return;
        this.#formView = new FormView(door.form, this.#screen);
        fill(this.#form, this.#formView.element);
      },
      () => (this.#formView = null),
    );
  }

  /** What the form says; null while it is not filled in. */
  #filledIn(): Record<string, string> | null {
    const form = this.#formView;
    return form === null ? {} : form !== 'loading' && form.check() ? form.values : null;
  }

  #showBanner(): void {
    const { visitor, words } = this.#screen;
    const phase = visitor.client?.state.phase;
    const text =
      phase === 'waiting' || phase === 'offline'
        ? words.waitingFor
        : visitor.fault !== null
          ? faultText(words, visitor.fault)
          : '';
    say(this.#banner, text);
    this.#banner.hidden = text === '';
  }

  #say(text: string, files: readonly string[]): boolean {
    const form = this.#filledIn();
    if (form === null) return false;
    this.#screen.visitor.say(text, form, files);
    this.#help.close();
    this.toEnd();
    return true;
  }

  #isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < atEnd_px;
  }

  #scrolled(): void {
    this.#down.hidden = this.#isAtEnd();
    if (this.#log.scrollTop < nearStart_px) void this.#screen.visitor.older();
  }
}
