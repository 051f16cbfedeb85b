/* The list of conversations by latest activity, and the chosen one beside it, or in its place where there is little room. */
import type { Conversation } from '@encke/sdk';
import { sorted, titleOf } from '@encke/talk/plain';
import { plainText } from '@encke/ui/plain';
import { fill, h, iconButton, Keyed, say } from '@encke/ui/elements';
import { avatar } from './avatar';
import { ConversationView, noticeView } from './conversation';
import { systemLine } from './rows';
import { nameIn, type Screen } from './screen';

/** Letters of the newest message that are read for the list. */
const saidLettersMax = 300;

type Item = Conversation & { readonly key: string };

export class ChatView {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #choose: (id: string) => void;
  readonly #items: Keyed<Item>;
  readonly #list = h('ul');
  readonly #empty: HTMLElement;
  readonly #more: HTMLButtonElement;
  readonly #title = h('h2', { dir: 'auto', tabindex: -1 });
  readonly #head: HTMLElement;
  readonly #pane = h('div', { class: 'pane', part: 'pane' });
  #view: ConversationView | null = null;
  #shown: string | null = null;
  #chosenHere = false;

  constructor(screen: Screen, choose: (id: string) => void) {
    this.#screen = screen;
    this.#choose = choose;
    const { words } = screen;
    this.#items = new Keyed<Item>(
      this.#list,
      (item) => this.#signOf(item),
      (item) => h('li', {}, this.#itemView(item)),
    );
    this.#empty = noticeView(words.noConversations, null);
    this.#more = h('button', { type: 'button', class: 'more', onclick: () => void this.#load() }, words.more);
    const back = iconButton('back', words.back, () => this.#back());
    back.classList.add('back');
    this.#head = h('div', { class: 'head', part: 'head' }, back, this.#title);
    this.element = h(
      'div',
      { class: 'chat' },
      h(
        'nav',
        {
          class: 'list',
          part: 'list',
          'aria-label': words.conversations,
          onkeydown: (event: KeyboardEvent) => this.#key(event),
        },
        this.#empty,
        this.#list,
        this.#more,
      ),
      this.#pane,
    );
  }

  end(): void {
    this.#view?.end();
    this.#view = null;
  }

  update(chosen: string): void {
    const { signedIn } = this.#screen;
    const all = sorted(signedIn.world?.conversations.values() ?? []).filter(
      ({ parent }) => parent === undefined,
    );
    if (chosen !== this.#shown) this.#open(chosen);
    this.#items.show(all.map((each) => ({ ...each, key: each.id })));
    this.#empty.hidden = all.length > 0;
    this.#more.hidden = signedIn.before === null;
    this.element.classList.toggle('shows', chosen !== '');
    if (chosen !== '') this.#tell(chosen);
    this.#view?.update();
  }

  #open(id: string): void {
    this.#view?.end();
    this.#view = null;
    this.#shown = id;
    if (id === '') return fill(this.#pane, noticeView(this.#screen.words.choose, null));
    fill(this.#pane, this.#head);
  }

  /** The conversation that is chosen, once it is known. */
  #tell(id: string): void {
    const { signedIn, words } = this.#screen;
    const { world } = signedIn;
    const conversation = world?.conversations.get(id);
    if (world === null || conversation === undefined) {
      this.end();
      const text = signedIn.absent.has(id) ? words.missing : words.connecting;
      if (!signedIn.absent.has(id)) void signedIn.show(id);
      say(this.#title, '');
      if (this.#pane.lastElementChild?.textContent !== text)
        fill(this.#pane, this.#head, noticeView(text, null));
      return;
    }
    say(this.#title, titleOf(conversation, world, words.untitled));
    if (this.#view !== null) return;
    this.#view = new ConversationView(this.#screen, id);
    fill(this.#pane, this.#head, this.#view.element);
    if (this.#chosenHere) this.#view.focus();
    this.#chosenHere = false;
  }

  #back(): void {
    const from = this.#shown;
    this.#choose('');
    this.update('');
    this.#list.querySelector<HTMLElement>(`[data-id="${CSS.escape(from ?? '')}"]`)?.focus();
  }

  async #load(): Promise<void> {
    this.#more.disabled = true;
    // Refused, the button stays, and may be pressed again.
    await this.#screen.signedIn.more().catch(() => undefined);
    this.#more.disabled = false;
  }

  #signOf(item: Item): string {
    const { signedIn, locale } = this.#screen;
    const { id, unread, last, title, picture } = item;
    const people =
      item.kind === 'direct' ? item.members.map(({ person }) => signedIn.world?.people.get(person)) : [];
    const shown = people.map((person) => [person?.display_name, person?.picture]);
    return JSON.stringify([
      id,
      unread,
      last,
      title,
      picture,
      shown,
      this.#said(item),
      locale,
      id === this.#shown,
    ]);
  }

  #itemView(item: Item): HTMLElement {
    const { signedIn, words, format } = this.#screen;
    const { world } = signedIn;
    const title = world === null ? words.untitled : titleOf(item, world, words.untitled);
    const other =
      item.kind === 'direct' ? item.members.find(({ person }) => person !== signedIn.me) : undefined;
    const picture = world?.people.get(other?.person ?? '')?.picture ?? item.picture ?? null;
    const face = { id: other?.person ?? item.id, name: title, picture };
    const current = item.id === this.#shown;
    return h(
      'button',
      {
        type: 'button',
        class: 'item',
        part: current ? 'item current' : 'item',
        'data-id': item.id,
        'aria-current': current ? 'true' : null,
        onclick: () => {
          this.#chosenHere = true;
          this.#choose(item.id);
        },
      },
      avatar(face, signedIn.pictures, item.kind === 'direct' ? 'end' : 'start'),
      h('span', { class: 'title' }, h('bdi', {}, title)),
      h('span', { class: 'when' }, item.last === null ? '' : format.brief(item.last.at, Date.now())),
      h('span', { class: 'said', dir: 'auto' }, this.#said(item)),
      item.unread === 0
        ? null
        : h(
            'span',
            { class: 'count', 'aria-label': words.unread(item.unread) },
            String(Math.min(item.unread, 999)),
          ),
    );
  }

  /** The newest of a conversation on one line. */
  #said({ last, kind }: Conversation): string {
    if (last === null) return '';
    if (last.kind !== 'message') return systemLine(last, this.#screen);
    const { signedIn } = this.#screen;
    const text = plainText(last.body.text.slice(0, saidLettersMax), (id) => nameIn(this.#screen, id));
    const said =
      text.replace(/\s+/gu, ' ').trim() || (last.body.files ?? []).map(({ name }) => name).join(', ');
    const alone = kind === 'direct' && last.from !== signedIn.me;
    return alone || last.from === undefined
      ? said
      : this.#screen.words.saidBy(nameIn(this.#screen, last.from), said);
  }

  /** Arrow keys go through the list. */
  #key(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const items = [...this.#list.querySelectorAll<HTMLElement>('.item')];
    const at = items.findIndex((each) => each === (this.#list.getRootNode() as ShadowRoot).activeElement);
    if (step === 0 || at < 0) return;
    event.preventDefault();
    items[at + step]?.focus();
  }
}
