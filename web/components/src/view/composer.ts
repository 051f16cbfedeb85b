/* Where a message is written: text, files by button, paste and drop, and the message that is answered. */
import { Uploads, type TrayItem } from '@encke/talk/plain';
import { fill, h, icon, iconButton, Keyed, say, set } from '@encke/ui/elements';
import { quotedText } from './rows';
import type { Screen } from './screen';

/** Letters of a text, each of which may be four of the 16,384 bytes that a message has. */
const textLettersMax = 4_096;

export class Composer {
  readonly element: HTMLElement;
  readonly #screen: Screen;
  readonly #conversation: string;
  readonly #uploads: Uploads;
  readonly #text: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #attach: HTMLButtonElement;
  readonly #tray = h('ul', { class: 'tray', part: 'tray' });
  readonly #trayRows: Keyed<TrayItem>;
  readonly #note = h('p', { class: 'fault', role: 'status' });
  readonly #answered = h('div', { class: 'answered', hidden: true });
  readonly #sent: () => void;
  #replyTo: number | null = null;
  #silenced: string | null = null;

  constructor(screen: Screen, conversation: string, sent: () => void) {
    this.#screen = screen;
    this.#conversation = conversation;
    this.#sent = sent;
    const { words, signedIn } = screen;
    this.#uploads = new Uploads(
      () => signedIn.token,
      () => this.update(this.#silenced),
      signedIn.where.server,
    );
    this.#text = h('textarea', {
      rows: 1,
      maxlength: textLettersMax,
      part: 'input',
      'aria-label': words.write,
      enterkeyhint: 'send',
      dir: 'auto',
      oninput: () => this.#wrote(),
      onkeydown: (event: KeyboardEvent) => this.#key(event),
      onpaste: (event: ClipboardEvent) => this.take(event, event.clipboardData),
    });
    const files = h('input', {
      type: 'file',
      multiple: true,
      hidden: true,
      tabindex: -1,
      'aria-hidden': 'true',
    });
    files.addEventListener('change', () => {
      this.#add([...(files.files ?? [])]);
      files.value = '';
    });
    this.#attach = iconButton('clip', words.attach, () => files.click());
    this.#send = h(
      'button',
      { type: 'submit', class: 'send', part: 'send', 'aria-label': words.send, title: words.send },
      icon('send'),
    );
    this.#trayRows = new Keyed(
      this.#tray,
      (item) => JSON.stringify(item),
      (item) => this.#item(item),
    );
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      this.#submit();
    };
    this.element = h(
      'form',
      { class: 'composer', part: 'composer', onsubmit: submit },
      this.#answered,
      this.#tray,
      this.#note,
      h('div', { class: 'write' }, this.#attach, files, this.#text, this.#send),
    );
    this.update(null);
  }

  focus(): void {
    this.#text.focus();
  }

  /** The next message answers this one; null for none. */
  reply(seq: number | null): void {
    this.#replyTo = seq;
    const { words } = this.#screen;
    const text = seq === null ? null : quotedText(this.#conversation, seq, this.#screen);
    this.#answered.hidden = text === null;
    if (text === null) return fill(this.#answered);
    fill(
      this.#answered,
      h('span', { dir: 'auto' }, text),
      iconButton('close', words.cancelReply, () => this.reply(null)),
    );
    this.focus();
  }

  /** `silenced`: why the person may not write here; null if it may. */
  update(silenced: string | null): void {
    this.#silenced = silenced;
    const { items, ready } = this.#uploads;
    const stopped = silenced !== null;
    this.#text.disabled = stopped;
    this.#attach.disabled = stopped;
    set(this.#text, 'placeholder', silenced ?? this.#screen.words.write);
    this.#trayRows.show(items);
    this.#tray.hidden = items.length === 0;
    this.#send.disabled = stopped || !ready || (this.#text.value.trim() === '' && items.length === 0);
    this.#grow();
  }

  /** Files that were dropped or pasted. */
  take(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])];
    if (files.length === 0 || this.#silenced !== null) return;
    event.preventDefault();
    this.#add(files);
  }

  #submit(): void {
    const { signedIn } = this.#screen;
    const text = this.#text.value.trim();
    this.update(this.#silenced);
    if (this.#send.disabled) return;
    const options = { files: this.#uploads.take(), replyTo: this.#replyTo ?? undefined };
    signedIn.typing.sent();
    signedIn.client.send(this.#conversation, text, options);
    this.#text.value = '';
    this.reply(null);
    this.update(this.#silenced);
    this.focus();
    this.#sent();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.#replyTo !== null) {
      event.stopPropagation();
      return this.reply(null);
    }
    // Never while an input method is composing: there, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #wrote(): void {
    const { signedIn } = this.#screen;
    if (this.#text.value.trim() === '') signedIn.typing.stopped();
    else signedIn.typing.typed(this.#conversation);
    this.update(this.#silenced);
  }

  #add(files: readonly File[]): void {
    const fits = this.#uploads.add(files);
    say(this.#note, fits ? '' : this.#screen.words.tooMany);
    this.focus();
  }

  #item(item: TrayItem): HTMLElement {
    const { words } = this.#screen;
    const percent = Math.floor(item.done * 100);
    const state = item.error === null ? (item.file === null ? `${percent} %` : '') : words.fileFailed;
    return h(
      'li',
      { class: item.error === null ? '' : 'failed' },
      h('span', { class: 'file-name' }, h('bdi', {}, item.name)),
      h(
        'span',
        {
          class: 'file-note',
          role: item.error === null ? null : 'alert',
          title: item.error?.message ?? null,
        },
        state,
      ),
      iconButton('close', words.remove(item.name), () => {
        this.#uploads.remove(item.key);
        this.focus();
      }),
    );
  }

  /** As high as the text, within what the style allows. */
  #grow(): void {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }
}
