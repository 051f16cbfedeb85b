/* Where the visitor writes: text, emoji, files by button, paste and drop, and a card that the page has handed over. */
import { faultText } from '../i18n/words';
import { CardSender } from '../state/cards';
import { cardView } from './card';
import { Uploads, type TrayItem } from '@encke/talk/plain';
import { fill, h, icon, iconButton, Keyed, say, set } from '@encke/ui/elements';
import { popup } from './popup';
import type { Screen } from './screen';

const textLettersMax = 4_000;
const emoji = [
  ...'😀😊😂😍🤔😅😢😡👍👎👏🙏💪🎉❤️🔥⭐✅❌❓👋🤝😎🥳😴🤗😬😱🚀💡📦💳'.matchAll(
    /\p{Extended_Pictographic}\ufe0f?/gu,
  ),
].map(([each]) => each);

export class Composer {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #uploads: Uploads;
  readonly #text: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #attach: HTMLButtonElement;
  readonly #files: HTMLInputElement;
  readonly #tray: HTMLElement;
  readonly #trayRows: Keyed<TrayItem>;
  readonly #card: HTMLElement;
  readonly #hint: HTMLElement;
  readonly #note: HTMLElement;
  /** Says the text and the files; false if it could not be, and what was written stays. */
  readonly #say: (text: string, files: readonly string[]) => boolean;

  readonly #typed: (text: string) => void;

  constructor(
    screen: Screen,
    submit: (text: string, files: readonly string[]) => boolean,
    typed: (text: string) => void,
  ) {
    this.#typed = typed;
    this.#screen = screen;
    this.#say = submit;
    const { words, visitor, keep } = screen;
    this.#uploads = new Uploads(
      () => visitor.token,
      () => this.update(),
    );
    this.#text = h('textarea', {
      rows: 1,
      maxlength: textLettersMax,
      'aria-label': words.write,
      placeholder: words.write,
      enterkeyhint: 'send',
      dir: 'auto',
      oninput: () => this.#wrote(),
      onkeydown: (event: KeyboardEvent) => this.#key(event),
      onpaste: (event: ClipboardEvent) => this.#take(event, event.clipboardData),
    });
    this.#text.value = keep.get('draft') ?? '';
    this.#files = h('input', {
      type: 'file',
      multiple: true,
      hidden: true,
      tabindex: -1,
      'aria-hidden': 'true',
    });
    this.#files.addEventListener('change', () => {
      this.#add([...(this.#files.files ?? [])]);
      this.#files.value = '';
    });
    this.#attach = iconButton('clip', words.attach, () => this.#files.click());
    const faces = iconButton('smile', words.emoji, () => undefined);
    const emojis = popup(faces, 'emojis', (close) => [
      h(
        'div',
        { class: 'emoji-grid', role: 'group', 'aria-label': words.emoji },
        ...emoji.map((each) =>
          h('button', { type: 'button', onclick: () => this.#insert(each, close) }, each),
        ),
      ),
    ]);
    this.#send = h(
      'button',
      { type: 'submit', class: 'send', 'aria-label': words.send, title: words.send },
      icon('send'),
    );
    this.#tray = h('ul', { class: 'tray' });
    this.#trayRows = new Keyed(
      this.#tray,
      (item) => JSON.stringify([item, screen.locale]),
      (item) => this.#item(item),
    );
    this.#card = h('div', { class: 'handed', hidden: true });
    this.#note = h('p', { class: 'fault', role: 'status' });
    this.#hint = h('p', { class: 'hint' }, words.seenTyping);
    this.element = h(
      'form',
      {
        class: 'composer',
        onsubmit: (event: SubmitEvent) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.#card,
      this.#tray,
      this.#note,
      this.#hint,
      h('div', { class: 'write' }, this.#attach, this.#files, emojis.element, this.#text, this.#send),
    );
    this.update();
  }

  focus(): void {
    this.#text.focus();
  }

  get hasFocus(): boolean {
    return document.activeElement === this.#text;
  }

  update(): void {
    const { visitor, words } = this.#screen;
    const first = visitor.thread === null;
    const { door } = visitor;
    this.#hint.hidden = door === null || door === 'missing' || door.desk.draft_preview !== true;
    set(this.#text, 'placeholder', first ? words.writeFirst : words.write);
    // Files belong to a ticket; there is none before the first message.
    this.#attach.hidden = first;
    this.#trayRows.show(this.#uploads.items);
    this.#tray.hidden = this.#uploads.items.length === 0;
    const empty = this.#text.value.trim() === '' && this.#uploads.items.length === 0;
    this.#send.disabled = empty || !this.#uploads.ready || (first && visitor.asking);
    this.#grow();
  }

  /** A card of the page, to be sent with one click. `form`: what the desk has asked for, or null while it is not filled in. */
  hand(sender: CardSender, form: () => Record<string, string> | null): void {
    const { words } = this.#screen;
    const { card, picture } = sender.handed;
    const address = picture === null ? null : URL.createObjectURL(picture);
    const gone = () => {
      this.#card.hidden = true;
      this.focus();
      if (address !== null) URL.revokeObjectURL(address);
    };
    const send = h(
      'button',
      {
        type: 'button',
        class: 'primary small',
        onclick: async () => {
          const values = form();
          if (values === null) return;
          send.disabled = true;
          if (await sender.send(values)) gone();
          send.disabled = false;
        },
      },
      words.sendCard,
    );
    fill(
      this.#card,
      h('span', { class: 'handed-about' }, words.aboutCard),
      cardView(card, address === null ? null : h('img', { src: address, alt: '' })),
      send,
      iconButton('close', words.remove, gone),
    );
    this.#card.hidden = false;
  }

  /** Files that were dropped on the panel. */
  take(event: DragEvent): void {
    this.#take(event, event.dataTransfer);
  }

  #submit(): void {
    const text = this.#text.value.trim();
    const { items, ready } = this.#uploads;
    if (this.#send.disabled || !ready || (text === '' && items.length === 0)) return;
    if (
      !this.#say(
        text,
        items.flatMap(({ file }) => (file === null ? [] : [file.id])),
      )
    )
      return;
    this.#uploads.take();
    this.#text.value = '';
    this.#screen.keep.remove('draft');
    this.update();
    this.focus();
  }

  #key(event: KeyboardEvent): void {
    // Never while an input method is composing: there, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #wrote(): void {
    const { keep, visitor } = this.#screen;
    keep.set('draft', this.#text.value);
    visitor.wrote(this.#text.value);
    this.#typed(this.#text.value);
    this.update();
  }

  #insert(letters: string, close: () => void): void {
    const { selectionStart, selectionEnd } = this.#text;
    close();
    this.focus();
    this.#text.setRangeText(letters, selectionStart, selectionEnd, 'end');
    this.#wrote();
  }

  #take(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])];
    if (files.length === 0 || this.#attach.hidden) return;
    event.preventDefault();
    this.#add(files);
  }

  #add(files: File[]): void {
    say(this.#note, this.#uploads.add(files) ? '' : this.#screen.words.tooMany);
  }

  #item({ key, name, done, error, file }: TrayItem): HTMLElement {
    const { words } = this.#screen;
    const label = error === null ? words.uploading(name) : faultText(words, error);
    const bar = h('progress', {
      max: 1,
      value: done,
      'aria-label': label,
      hidden: file !== null || error !== null,
    });
    return h(
      'li',
      { class: error === null ? 'tray-item' : 'tray-item failed' },
      h('bdi', { class: 'file-name' }, name),
      error === null ? bar : h('span', { role: 'alert' }, label),
      iconButton('close', `${words.remove}: ${name}`, () => this.#uploads.remove(key)),
    );
  }

  /** As high as its text, up to what the style allows. */
  #grow(): void {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
