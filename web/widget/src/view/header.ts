/* The head of the panel: who answers, how long it takes, and what else can be done. */
import type { Door } from '../model/door';
import { avatar } from './avatar';
import { fill, h, iconButton, say } from '@encke/ui/elements';
import { popup } from './popup';
import type { Screen } from './screen';

/** Faces in the head. */
const facesMax = 3;

export interface HeaderActions {
  close(): void;
  changeLanguage(): void;
}

export class Header {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #faces = h('div', { class: 'faces' });
  readonly #title = h('h1');
  readonly #line = h('p', { class: 'head-line' });
  #drawn = '';

  constructor(screen: Screen, actions: HeaderActions) {
    this.#screen = screen;
    const { words } = screen;
    const menu = popup(
      iconButton('more', words.menu, () => undefined),
      'menu',
      (close) => this.#menu(close, actions),
    );
    this.element = h(
      'header',
      {},
      this.#faces,
      h('div', { class: 'head-text' }, this.#title, this.#line),
      menu.element,
      screen.framed ? iconButton('close', words.close, () => actions.close()) : null,
    );
  }

  update(door: Door): void {
    const { visitor, words } = this.#screen;
    const agent = visitor.ticket?.agent;
    say(this.#title, agent?.display_name || door.desk.name || words.desk);
    say(this.#line, door.open ? words.online : this.#closed(door));
    this.#line.classList.toggle('open', door.open);
    const shown =
      agent === undefined
        ? door.agents.slice(0, facesMax).map((each) => ({ ...each, id: each.name }))
        : [{ name: agent.display_name, picture: agent.picture, id: agent.id }];
    const sign = JSON.stringify(shown);
    if (sign === this.#drawn) return;
    this.#drawn = sign;
    fill(
      this.#faces,
      ...shown.map((each) => avatar({ ...each, picture: each.picture ?? null }, this.#screen.pictures)),
    );
  }

  #closed({ opens_at }: Door): string {
    const { words, times } = this.#screen;
    if (opens_at === undefined) return words.offline;
    const now = Date.now();
    const day =
      new Date(opens_at).toDateString() === new Date(now).toDateString() ? '' : times.full(opens_at);
    return words.opensAt(day || times.time(opens_at));
  }

  #menu(close: () => void, actions: HeaderActions): HTMLElement[] {
    const { words, visitor, keep, times } = this.#screen;
    const item = (text: string, run: () => void, count = 0) =>
      h(
        'button',
        {
          type: 'button',
          onclick: () => {
            close();
            run();
          },
        },
        text,
        count === 0 ? null : h('span', { class: 'count', 'aria-label': words.unread(count) }, String(count)),
      );
    const silent = keep.get('sound') === 'off';
    const items = [
      item(silent ? words.soundOn : words.soundOff, () => keep.set('sound', silent ? 'on' : 'off')),
      item(words.otherLanguage, actions.changeLanguage),
    ];
    if (visitor.thread !== null) items.unshift(item(words.newQuestion, () => visitor.begin()));
    const others = visitor.tickets.filter(({ id }) => id !== visitor.thread?.conversation).slice(0, 8);
    const earlier = others.map((ticket) => {
      const when = words.question(times.day(ticket.asked_at, Date.now()));
      return item(
        `${when} · ${words.state[ticket.state]}`,
        () => visitor.choose(ticket.id),
        visitor.unreadOf(ticket.id),
      );
    });
    return earlier.length === 0
      ? items
      : [...items, h('p', { class: 'menu-head' }, words.earlier), ...earlier];
  }
}
