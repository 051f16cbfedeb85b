/* What all elements have: a shadow root, a server, a language, and events for the page. */
import { formatOf } from '@encke/ui/plain';
import { fill } from '@encke/ui/elements';
import { localeOf, wordsIn } from '../i18n/words';
import { sheetsOf } from '../style/sheets';

/** Without a browser, where a page is made on a server, there is nothing to extend; nothing is made there either. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** The server that sent this script. Where it was bundled into a site's own, that is the site, and `server` has to say another. */
const sender = /^https?:/.test(import.meta.url) ? new URL(import.meta.url).origin : '';

export abstract class EnckeElement extends Base {
  protected readonly root: ShadowRoot;
  #queued = false;

  /** The properties that a page may set. */
  protected get early(): readonly string[] {
    return ['server'];
  }

  constructor(sheets: Parameters<typeof sheetsOf>[0]) {
    super();
    this.root = this.attachShadow({ mode: 'open' });
    this.root.adoptedStyleSheets = sheetsOf(['common', ...sheets]);
  }

  /** The address of the server: `https://chat.example.com`. */
  get server(): string {
    const given = this.getAttribute('server') ?? '';
    if (given === '') return sender;
    return URL.canParse(given, document.baseURI) ? new URL(given, document.baseURI).origin : sender;
  }

  set server(address: string) {
    this.setAttribute('server', address);
  }

  connectedCallback(): void {
    this.#takeEarly();
    this.#later();
  }

  disconnectedCallback(): void {
    this.#later();
  }

  /** Attributes come one by one, and an element that is moved leaves and comes back: all of it is one change. */
  attributeChangedCallback(_: string, before: string | null, after: string | null): void {
    if (before !== after) this.#later();
  }

  protected changed(): void {
    this.#later();
  }

  /** Begins, goes on or ends, by what the attributes say now. */
  protected abstract settle(connected: boolean): void;

  protected texts() {
    const locale = localeOf(this);
    return { locale, words: wordsIn(locale), format: formatOf(locale) };
  }

  protected show(...children: Node[]): void {
    fill(this.root as unknown as Element, ...children);
  }

  /** Tells the page. Nothing of what is said in a conversation is in it. */
  protected tell(name: string, detail: object = {}): void {
    this.dispatchEvent(new CustomEvent(`encke-${name}`, { detail, bubbles: true, composed: true }));
  }

  /** What the page has set before this script came lies on the element itself, and hides what is made of it here. */
  #takeEarly(): void {
    for (const name of this.early) {
      if (!Object.hasOwn(this, name)) continue;
      const own = this as unknown as Record<string, unknown>;
      const value = own[name];
      delete own[name];
      own[name] = value;
    }
  }

  #later(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.settle(this.isConnected);
    });
  }
}
