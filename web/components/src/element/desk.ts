/* <encke-desk>: the widget of a desk, in its place in the page. It is the widget's own page in a frame: what is said stays in there. */
import { h } from '@encke/ui/elements';
import { EnckeElement } from './element';

/** What is kept for the frame until it is there. */
const waitingMax = 20;
/** The mark of the messages between a page and the widget. */
const mark = 'encke-desk';

export class EnckeDesk extends EnckeElement {
  static readonly observedAttributes = ['server', 'desk', 'language', 'identity', 'visits'];

  #frame: HTMLIFrameElement | null = null;
  #address = '';
  #identity = '';
  #loaded = false;
  #unread = 0;
  #waiting: object[] = [];
  readonly #hear = (event: MessageEvent) => this.#heard(event);

  constructor() {
    super(['desk']);
  }

  protected override get early(): readonly string[] {
    return [...super.early, 'desk'];
  }

  /** The key of the desk. */
  get desk(): string {
    return this.getAttribute('desk') ?? '';
  }

  set desk(key: string) {
    this.setAttribute('desk', key);
  }

  /** What the visitor has not read. */
  get unread(): number {
    return this.#unread;
  }

  /** Says who the visitor is: what agents see beside the conversation, or `{ identity }` as the site's back end has signed it. */
  identify(facts: object): void {
    this.#say({ say: 'identify', facts });
  }

  /** Hands over a product or an order, which the visitor can send with one click. `picture`: its bytes. */
  card(card: object, picture: Blob | null = null): void {
    this.#say({ say: 'card', card, picture });
  }

  protected settle(connected: boolean): void {
    const { locale } = this.texts();
    const query = new URLSearchParams({ desk: this.desk, language: locale });
    const address = connected && this.desk !== '' ? `${this.server}/widget/?${query}` : '';
    if (address !== this.#address) this.#load(address);
    const identity = this.getAttribute('identity') ?? '';
    if (address === '' || identity === this.#identity) return;
    this.#identity = identity;
    this.identify({ identity });
  }

  #load(address: string): void {
    this.#address = address;
    this.#frame?.remove();
    this.#frame = null;
    this.#loaded = false;
    this.#identity = '';
    removeEventListener('message', this.#hear);
    if (address === '') return;
    const frame = h('iframe', {
      title: this.texts().words.desk,
      allow: 'autoplay; clipboard-write',
      part: 'frame',
    });
    frame.addEventListener('load', () => this.#hello());
    frame.src = address;
    this.#frame = frame;
    addEventListener('message', this.#hear);
    this.show(frame);
  }

  #hello(): void {
    const page = { url: location.href, title: document.title, referrer: document.referrer };
    this.#loaded = true;
    this.#post({ say: 'hello', page, visits: this.hasAttribute('visits'), open: true, inline: true });
    for (const told of this.#waiting.splice(0)) this.#post(told);
  }

  #say(told: object): void {
    if (this.#loaded) this.#post(told);
    else if (this.#waiting.length < waitingMax) this.#waiting.push(told);
  }

  #post(told: object): void {
    this.#frame?.contentWindow?.postMessage(
      { ...told, encke: mark },
      new URL(this.#address, location.href).origin,
    );
  }

  /** Only the widget's own window, as long as it is on the server's origin, is heard. */
  #heard({ source, origin, data }: MessageEvent): void {
    if (this.#frame === null || source !== this.#frame.contentWindow) return;
    if (origin !== new URL(this.#address, location.href).origin) return;
    const told: unknown = data;
    if (typeof told !== 'object' || told === null || !('encke' in told) || told.encke !== mark) return;
    if (!('say' in told) || told.say !== 'state' || !('unread' in told)) return;
    const unread = Number(told.unread) || 0;
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.tell('unread', { unread });
  }
}
