/* One conversation: its lines, who is typing, and where a message is written. */
import { lineOnNews, lineOnOpening, markToSend, rowsOf, worlds, type Row } from '@encke/talk/plain';
import { fill, h, iconButton, Keyed, say, set } from '@encke/ui/elements';
import { Composer } from './composer';
import { rowView, signOf, silenced, systemLine } from './rows';
import { nameIn, type Screen } from './screen';

/** Pixels from the end within which somebody counts as being there. */
const nearEnd = 40;
/** Pixels from the beginning within which earlier messages are loaded. */
const nearStart = 240;

export class ConversationView {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #id: string;
  readonly #composer: Composer;
  readonly #rows: Keyed<Row>;
  readonly #list = h('div', { class: 'rows' });
  readonly #start = h('p', { class: 'line start' });
  readonly #log: HTMLElement;
  readonly #typing = h('p', { class: 'typing', part: 'typing', role: 'status' });
  readonly #banner = h('p', { class: 'banner', part: 'banner', role: 'status', hidden: true });
  readonly #down: HTMLButtonElement;
  readonly #undo: (() => void)[] = [];
  #last = '';
  #writes = true;
  #atNewest = true;
  #visible = false;
  #line: number | null = null;
  #head = 0;
  #opened = false;
  #asked = false;
  #wasLive = false;

  constructor(screen: Screen, id: string) {
    this.#screen = screen;
    this.#id = id;
    const { words } = screen;
    this.#rows = new Keyed<Row>(
      this.#list,
      (row) => signOf(row, screen, this.#last, this.#writes),
      (row) =>
        rowView(row, screen, this.#last, { reply: (seq) => this.#composer.reply(seq), writes: this.#writes }),
    );
    this.#log = h(
      'div',
      {
        class: 'log',
        part: 'log',
        role: 'log',
        tabindex: 0,
        'aria-label': words.messages,
        onscroll: () => this.#scrolled(),
      },
      this.#start,
      this.#list,
    );
    this.#down = iconButton('down', words.newest, () => this.#toEnd());
    this.#down.classList.add('down');
    this.#composer = new Composer(screen, id, () => this.#toEnd());
    this.element = h(
      'div',
      {
        class: 'conversation',
        ondragover: (event: DragEvent) => event.preventDefault(),
        ondrop: (event: DragEvent) => this.#composer.take(event, event.dataTransfer),
      },
      this.#banner,
      h('div', { class: 'middle' }, this.#log, this.#down),
      this.#typing,
      this.#composer.element,
    );
    this.#watch();
    void screen.signedIn.show(id);
  }

  /** Nobody looks any more. */
  end(): void {
    for (const undo of this.#undo) undo();
    this.#screen.signedIn.typing.stopped();
  }

  focus(): void {
    this.#composer.focus();
  }

  update(): void {
    const { signedIn, words } = this.#screen;
    this.#tellConnection();
    const conversation = signedIn.world?.conversations.get(this.#id);
    if (conversation === undefined) return;
    if (!this.#opened) {
      this.#opened = true;
      this.#line = lineOnOpening(worlds.seenSeq(conversation), conversation.unread);
      this.#head = conversation.head_seq;
    }
    // After a reset, and after a page that did not come.
    const { loaded } = signedIn.histories.thread(this.#id);
    const live = signedIn.connection.phase === 'live';
    if (
      !loaded &&
      signedIn.histories.loading(this.#id) !== 'loading' &&
      (!this.#asked || (live && !this.#wasLive))
    ) {
      this.#asked = true;
      void signedIn.histories.open(this.#id, conversation.unread);
    }
    if (loaded) this.#asked = false;
    this.#wasLive = live;
    if (conversation.head_seq > this.#head) {
      if (conversation.last?.kind === 'message' && conversation.last.from !== signedIn.me)
        this.#line = lineOnNews(this.#line, this.#attention, this.#head);
      this.#head = conversation.head_seq;
    }
    const why = silenced(conversation, this.#screen);
    this.#writes = why === null;
    this.#composer.update(why);
    this.#show(this.#rowsOf());
    const typists = signedIn.typists(this.#id).map((id) => nameIn(this.#screen, id));
    say(
      this.#typing,
      typists.length === 0 ? '' : words.typing(this.#screen.format.list(typists), typists.length),
    );
    this.#read();
  }

  #rowsOf(): Row[] {
    const { signedIn } = this.#screen;
    const conversation = signedIn.world?.conversations.get(this.#id);
    if (conversation === undefined) return [];
    const { histories, me } = signedIn;
    const rows = rowsOf({
      events: histories.thread(this.#id).events,
      outgoing: signedIn.outgoing.filter((each) => each.conversation === this.#id),
      conversation,
      me,
      amended: histories.amended(this.#id),
      hidden: histories.hidden(this.#id),
      newAfter: this.#line,
    });
    return rows.filter((row) => row.kind !== 'system' || systemLine(row.event, this.#screen) !== '');
  }

  #show(rows: readonly Row[]): void {
    const { signedIn, words } = this.#screen;
    this.#last = rows.findLast((row) => row.kind === 'message' && row.own)?.key ?? '';
    const log = this.#log;
    const fromEnd = log.scrollHeight - log.scrollTop;
    const first = this.#list.firstElementChild;
    this.#rows.show(rows);
    const { loaded, earlier } = signedIn.histories.thread(this.#id);
    if (loaded && rows.length === 0) say(this.#start, words.empty);
    else say(this.#start, loaded && earlier && !signedIn.histories.goesOn(this.#id) ? words.tooFar : '');
    // What comes above moves nothing that is being read; what comes below is followed by whoever is at the end.
    if (this.#atNewest) this.#toEnd();
    else if (this.#list.firstElementChild !== first) log.scrollTop = log.scrollHeight - fromEnd;
    this.#down.hidden = this.#atNewest;
  }

  #tellConnection(): void {
    const { signedIn, words } = this.#screen;
    const { phase } = signedIn.connection;
    const text = phase === 'offline' ? words.offline : phase === 'waiting' ? words.waiting : '';
    say(this.#banner, text);
    this.#banner.hidden = text === '';
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    const atNewest = scrollHeight - scrollTop - clientHeight < nearEnd;
    if (scrollTop < nearStart && !atNewest) void this.#screen.signedIn.histories.earlier(this.#id);
    if (atNewest === this.#atNewest) return;
    this.#atNewest = atNewest;
    this.#down.hidden = atNewest;
    this.#read();
  }

  #toEnd(): void {
    this.#atNewest = true;
    this.#down.hidden = true;
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  get #attention() {
    const visible = this.#visible && document.visibilityState === 'visible';
    return { visible, focused: document.hasFocus(), atNewest: this.#atNewest };
  }

  #read(): void {
    const { signedIn } = this.#screen;
    const conversation = signedIn.world?.conversations.get(this.#id);
    if (conversation === undefined || !signedIn.histories.thread(this.#id).loaded) return;
    const mark = markToSend(
      this.#attention,
      conversation.head_seq,
      conversation.read_seq,
      worlds.seenSeq(conversation),
    );
    if (mark !== null) signedIn.read(this.#id, mark);
  }

  /** Whether anybody can see it: the page, the window, and the place of the element on the page. */
  #watch(): void {
    const read = () => this.#read();
    const seen = new IntersectionObserver((entries) => {
      this.#visible = entries.at(-1)?.isIntersecting === true;
      read();
    });
    seen.observe(this.#log);
    const sized = new ResizeObserver(() => this.#atNewest && this.#toEnd());
    sized.observe(this.#log);
    sized.observe(this.#list);
    addEventListener('focus', read);
    document.addEventListener('visibilitychange', read);
    this.#undo.push(
      () => seen.disconnect(),
      () => sized.disconnect(),
      () => removeEventListener('focus', read),
      () => document.removeEventListener('visibilitychange', read),
    );
  }
}

/** What is shown in the place of a conversation that can't be. */
export function noticeView(
  text: string,
  again: { readonly label: string; readonly run: () => void } | null,
): HTMLElement {
  const button =
    again === null
      ? null
      : h('button', { type: 'button', class: 'primary', onclick: again.run }, again.label);
  const element = h('div', { class: 'notice', part: 'notice', role: 'status' });
  fill(element, h('p', {}, text), button);
  set(element, 'data-notice', '');
  return element;
}
