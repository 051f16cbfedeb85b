/* <encke-conversation>: one conversation. */
import { ConversationView } from '../view/conversation';
import type { Screen } from '../view/screen';
import { SignedInElement, signedInAttributes } from './signed-in-element';

export class EnckeConversation extends SignedInElement {
  static readonly observedAttributes = [...signedInAttributes, 'conversation'];

  #view: ConversationView | null = null;
  #shown = '';

  constructor() {
    super(['conversation']);
  }

  /** The id of the conversation that is shown. */
  get conversation(): string {
    return this.getAttribute('conversation') ?? '';
  }

  set conversation(id: string) {
    this.setAttribute('conversation', id);
  }

  /** Puts the cursor where a message is written. */
  override focus(): void {
    this.#view?.focus();
  }

  protected draw(screen: Screen): void {
    const { signedIn, words } = screen;
    const id = this.conversation;
    if (id !== this.#shown) this.end();
    if (signedIn.absent.has(id) || id === '') return this.say(words.missing);
    if (signedIn.world?.conversations.has(id) !== true) {
      void signedIn.show(id);
      return this.say(words.connecting);
    }
    if (this.#view === null) {
      this.#shown = id;
      this.#view = new ConversationView(screen, id);
      this.put(this.#view.element);
    }
    this.#view.update();
  }

  protected end(): void {
    this.#view?.end();
    this.#view = null;
    this.#shown = '';
  }
}
