/* An element for somebody who is signed in at the site around it. */
import { h, fill } from '@encke/ui/elements';
import type { SignedIn } from '../session/person';
import { join, leave } from '../session/shared';
import type { GetToken } from '../session/token';
import { noticeView } from '../view/conversation';
import type { Screen } from '../view/screen';
import { EnckeElement } from './element';

export const signedInAttributes = ['server', 'token-url', 'language'];

export abstract class SignedInElement extends EnckeElement {
  protected screen: Screen | null = null;
  /** The part of the element that is made by script, between the slots. */
  protected readonly body = h('div', { class: 'root', part: 'root' });
  #getToken: GetToken | null = null;
  #undo: (() => void)[] = [];
  #told = { phase: '', unread: -1 };
  #notice = '';

  protected override get early(): readonly string[] {
    return [...super.early, 'conversation', 'tokenUrl', 'getToken'];
  }

  /** Gives a token, in the place of `token-url`. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | null) {
    if (getToken !== null && typeof getToken !== 'function')
      throw new TypeError('getToken has to be a function.');
    this.#getToken = getToken;
    this.changed();
  }

  get tokenUrl(): string {
    return this.getAttribute('token-url') ?? '';
  }

  set tokenUrl(address: string) {
    this.setAttribute('token-url', address);
  }

  /** Messages that the person has not read, in all its conversations. */
  get unread(): number {
    return this.screen?.signedIn.unread ?? 0;
  }

  protected settle(connected: boolean): void {
    const { locale } = this.texts();
    const where = { server: this.server, tokenUrl: this.getAttribute('token-url'), getToken: this.#getToken };
    const now = this.screen?.signedIn.where;
    const isSame =
      now !== undefined &&
      now.server === where.server &&
      now.tokenUrl === where.tokenUrl &&
      now.getToken === where.getToken &&
      this.screen?.locale === locale;
    if (!connected || !isSame) this.#leave();
    if (!connected) return;
    if (this.screen === null) {
      this.root.replaceChildren(h('slot', { name: 'header' }), this.body, h('slot', { name: 'footer' }));
      const signedIn = join(where);
      this.screen = { signedIn, ...this.texts() };
      this.#undo = [
        signedIn.onChange(() => this.#draw()),
        signedIn.onMessage((event) =>
          this.tell('message', { conversation: event.stream, seq: event.seq, from: event.from ?? null }),
        ),
      ];
    }
    this.#draw();
  }

  /** Shows what there is to show, for somebody who is signed in. */
  protected abstract draw(screen: Screen): void;

  /** What it shows is over. */
  protected abstract end(): void;

  /** Shows a sentence in the place of everything; what was there is over. */
  protected say(text: string, again: Parameters<typeof noticeView>[1] = null): void {
    const sign = `${text} ${again?.label ?? ''}`;
    if (this.#notice === sign) return;
    this.end();
    this.#notice = sign;
    fill(this.body, h('slot', { name: 'notice' }, noticeView(text, again)));
  }

  /** Shows this. */
  protected put(...children: HTMLElement[]): void {
    this.#notice = '';
    fill(this.body, ...children);
  }

  #draw(): void {
    const { screen } = this;
    if (screen === null) return;
    const { signedIn, words } = screen;
    if (signedIn.phase === 'replaced') {
      this.#leave();
      return this.changed();
    }
    this.#tell(signedIn);
    switch (signedIn.phase) {
      case 'connecting':
        if (signedIn.world === null) return this.say(signedIn.tokenless ? words.noToken : words.connecting);
        break;
      case 'signed-out':
        return this.say(words.signedOut, { label: words.signIn, run: () => signedIn.again() });
      case 'failed': {
        const why = `${words.failed} ${signedIn.problem?.message ?? ''}`;
        return this.say(why, { label: words.again, run: () => signedIn.again() });
      }
    }
    this.draw(screen);
  }

  #tell(signedIn: SignedIn): void {
    const { phase, unread } = signedIn;
    if (phase !== this.#told.phase) {
      this.#told.phase = phase;
      if (phase === 'ready') this.tell('ready', { person: signedIn.me });
      if (phase === 'signed-out') this.tell('signed-out');
      if (phase === 'failed')
        this.tell('error', { code: signedIn.problem?.code ?? '', message: signedIn.problem?.message ?? '' });
    }
    if (phase !== 'ready' || unread === this.#told.unread) return;
    this.#told.unread = unread;
    this.tell('unread', { unread });
  }

  #leave(): void {
    for (const undo of this.#undo) undo();
    this.#undo = [];
    if (this.screen === null) return;
    this.end();
    this.#notice = '';
    this.body.replaceChildren();
    leave(this.screen.signedIn);
    this.screen = null;
    this.#told = { phase: '', unread: -1 };
  }
}
