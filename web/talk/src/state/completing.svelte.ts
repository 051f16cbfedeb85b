import type { Conversation } from '@encke/sdk';
import { askedAt, optionsMax, type Asked, type Option } from '../model/completion';
import { foundEmoji, loadEmoji, ofSite } from '../model/emoji';
import { calledBy, callable } from '../model/mentions';
import { knowsAll } from '../model/world';
import type { Talk } from './talk.svelte';

/** What the word before the caret may become, as it is typed. */
export class Completing {
  asked: Asked | null = $state.raw(null);
  options: readonly Option[] = $state.raw([]);
  /** The option that Enter takes. */
  at = $state(0);
  #turn = 0;
  /** The word that Escape was pressed at: it is not asked again until another one begins. */
  #dismissed: number | null = null;

  constructor(
    private readonly talk: Talk,
    private readonly conversation: () => Conversation,
  ) {}

  get open(): boolean {
    return this.options.length > 0;
  }

  /** The text or the caret has moved. */
  look(text: string, caret: number): void {
    const asked = askedAt(text, caret);
    const before = this.asked;
    if (asked?.start !== this.#dismissed) this.#dismissed = null;
    else if (asked !== null) return;
    if (asked?.kind === before?.kind && asked?.query === before?.query && asked?.start === before?.start)
      return;
    this.asked = asked;
    this.#turn += 1;
    if (asked === null) this.options = [];
    else void this.#find(asked, this.#turn);
  }

  dismiss(): void {
    this.#dismissed = this.asked?.start ?? null;
    this.close();
  }

  close(): void {
    this.#turn += 1;
    this.asked = null;
    this.options = [];
  }

  async #find(asked: Asked, turn: number): Promise<void> {
    const show = (options: readonly Option[]): void => {
      if (turn !== this.#turn) return;
      this.options = options;
      this.at = 0;
    };
    try {
      if (asked.kind === 'emoji') show(await this.#emoji(asked.query));
      else await this.#persons(asked.query, show);
    } catch {
      // Nothing is offered; what was typed stays.
      show([]);
    }
  }

  async #emoji(query: string): Promise<Option[]> {
    const { language, emoji: known } = this.talk;
    const [all] = await Promise.all([loadEmoji(), known.site.ask()]);
    return foundEmoji([...ofSite(known.site.all), ...all], query, optionsMax).map(
      ({ emoji, code, names }) => ({
        key: emoji,
        face: { emoji },
        label: code === '' ? names[language] : `:${code}:`,
        insert: `${emoji} `,
      }),
    );
  }

  /** At once those that are known; of a large room then those that the server finds. */
  async #persons(query: string, show: (options: readonly Option[]) => void): Promise<void> {
    const { world, words, client } = this.talk;
    const conversation = this.conversation();
    if (world === null) return;
    const options = (more: Parameters<typeof callable>[3]): Option[] =>
      calledBy(query, callable(conversation, world, words.everybody, more), optionsMax)
        .filter(({ id }) => id !== world.me.id)
        .map(({ id, name }) => ({ key: id, face: { person: id }, label: name, insert: `@${name} ` }));
    show(options([]));
    if (knowsAll(conversation) || query === '') return;
    const page = await client.api.members(conversation.id, { q: query, limit: optionsMax });
    this.talk.learn(page.people);
    show(options(page.people));
  }
}
