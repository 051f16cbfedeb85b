import type { Person } from '@encke/sdk';
import type { Shell } from '@encke/shell/state';
import { counterpart, type Talk } from '@encke/talk/state';
import type { Entry, ReadsAs } from '../model/palette';

/** A conversation, or a person with whom one has none yet. */
export interface Place extends Entry {
  readonly kind: 'conversation' | 'person';
  readonly face: string;
  readonly square: boolean;
  readonly picture: string | undefined;
  /** Only of a person. */
  readonly person?: Person;
}

const pauseMs = 150;
const peopleMax = 50;

/** Where a person may want to go, or to send something: what is known here, and what the server finds besides. */
export class Places {
  #people: readonly Person[] = $state.raw([]);
  /** How Chinese names are read; found by their letters until that is known. */
  readsAs: ReadsAs = $state.raw(() => false);

  readonly #conversations: readonly Place[] = $derived.by(() => {
    const { world } = this.talk;
    if (world === null) return [];
    return [...world.conversations.values()]
      .filter(({ parent }) => parent === undefined)
      .sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0))
      .map((conversation) => {
        const other = counterpart(conversation, world);
        return {
          key: conversation.id,
          kind: 'conversation',
          label: this.talk.titleOf(conversation),
          face: other?.id ?? conversation.id,
          picture: other?.picture ?? conversation.picture,
          square: conversation.kind === 'room',
        };
      });
  });
  readonly #others: readonly Place[] = $derived.by(() => {
    const known = new Set([this.talk.world?.me.id, ...this.#conversations.map((place) => place.face)]);
    return [...new Map(this.#people.map((person) => [person.id, person])).values()]
      .filter((person) => !known.has(person.id))
      .map((person) => ({
        key: person.id,
        kind: 'person',
        label: person.display_name,
        words: person.name ?? '',
        face: person.id,
        picture: person.picture,
        square: false,
        person,
      }));
  });
  readonly all: readonly Place[] = $derived([...this.#conversations, ...this.#others]);

  constructor(
    private readonly shell: Shell,
    private readonly talk: Talk,
  ) {}

  /** Fetches the first people of the site, to be found by pinyin, too; the server finds all others by their letters. */
  start(): void {
    this.shell.api.people('', peopleMax).then(
      (answer) => (this.#people = [...this.#people, ...answer]),
      () => undefined,
    );
    import('../view/palette/pinyin').then(
      (module) => (this.readsAs = module.readsAs),
      () => undefined,
    );
  }

  /** Asks the server for what is not known here, after a pause. The returned function calls that off. */
  ask(wanted: string): () => void {
    if (wanted === '') return () => undefined;
    let current = true;
    const timer = setTimeout(async () => {
      try {
        const answer = await this.shell.api.people(wanted, 10);
        if (current) this.#people = [...this.#people, ...answer].slice(-4 * peopleMax);
        const page = await this.shell.api.conversations({ q: wanted, limit: 10 });
        if (current) this.talk.cameByName(page);
      } catch {
        // What is known here is found all the same.
        return;
      }
    }, pauseMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }
}
