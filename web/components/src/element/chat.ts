/* <encke-chat>: the list of one's conversations, and beside it the one that is chosen. */
import { ChatView } from '../view/chat';
import type { Screen } from '../view/screen';
import { SignedInElement, signedInAttributes } from './signed-in-element';

export class EnckeChat extends SignedInElement {
  static readonly observedAttributes = [...signedInAttributes, 'conversation'];

  #view: ChatView | null = null;

  constructor() {
    super(['list', 'conversation']);
  }

  /** The id of the conversation that is shown; '' for none. */
  get conversation(): string {
    return this.getAttribute('conversation') ?? '';
  }

  set conversation(id: string) {
    if (id === '') this.removeAttribute('conversation');
    else this.setAttribute('conversation', id);
  }

  protected draw(screen: Screen): void {
    if (this.#view === null) {
      this.#view = new ChatView(screen, (id) => this.#choose(id));
      this.put(this.#view.element);
    }
    this.#view.update(this.conversation);
  }

  protected end(): void {
    this.#view?.end();
    this.#view = null;
  }

  #choose(id: string): void {
    this.conversation = id;
    this.tell('select', { conversation: id });
  }
}
