import type { Person } from '@encke/sdk';
import { called } from '../i18n/describe';
import type { SearchWords } from '../i18n/search';
import { titled } from '../model/directory';
import { dayIn, type AskedFilter, type SearchFilter } from '../model/search';
import type { Talk } from './talk.svelte';

/** Values that are offered for a filter at once. */
export const suggestionsMax = 8;
/** Days before today that are offered for a filter by date. */
const daysOffered = [0, 1, 7, 30] as const;

export interface Suggestion {
  readonly key: string;
  readonly label: string;
  readonly filter: SearchFilter;
}

/** The values of the filter that is being typed. */
export class Suggesting {
  options: readonly Suggestion[] = $state.raw([]);
  /** The one that Enter takes. */
  at = $state(0);
  #turn = 0;

  constructor(
    private readonly talk: Talk,
    private readonly words: () => SearchWords,
  ) {}

  look(asked: AskedFilter | null): void {
    this.#turn += 1;
    if (asked === null) this.#show([]);
    else if (asked.kind === 'from') void this.#persons(asked.query, this.#turn);
    else if (asked.kind === 'in') this.#show(this.#conversations(asked.query));
    else if (asked.kind === 'has') this.#show(this.#things(asked.query));
    else if (asked.kind === 'is') this.#show(this.#marks(asked.query));
    else this.#show(this.#days(asked.kind, asked.query));
  }

  close(): void {
    this.#turn += 1;
    this.#show([]);
  }

  #show(options: readonly Suggestion[]): void {
    this.options = options.slice(0, suggestionsMax);
    this.at = 0;
  }

  /** At once those that are known, then those that the server finds. */
  async #persons(query: string, turn: number): Promise<void> {
    const { world, words, client } = this.talk;
    const wanted = query.toLocaleLowerCase();
    const show = (persons: readonly Person[]): void => {
      const found = persons.filter(
        ({ name, display_name }) =>
          display_name.toLocaleLowerCase().includes(wanted) ||
          (name ?? '').toLocaleLowerCase().includes(wanted),
      );
      this.#show(
        found.map((person) => ({
          key: person.id,
          label: person.id === world?.me.id ? words.you : called(person, words),
          filter: { kind: 'from', person: person.id },
        })),
      );
    };
    const known = [...(world?.people.values() ?? [])];
    show(known);
    const answer = await client.api.people(query, suggestionsMax).catch(() => []);
    if (turn !== this.#turn) return;
    this.talk.learn(answer);
    show([...new Map([...known, ...answer].map((person) => [person.id, person])).values()]);
  }

  #conversations(query: string): Suggestion[] {
    const { world } = this.talk;
    return [...(world?.conversations.values() ?? [])]
      .filter(({ parent }) => parent === undefined)
      .filter(titled(query, (each) => this.talk.titleOf(each)))
      .sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0))
      .map(({ id }) => id)
      .flatMap((id) => {
        const conversation = world?.conversations.get(id);
        if (conversation === undefined) return [];
        return [
          { key: id, label: this.talk.titleOf(conversation), filter: { kind: 'in', conversation: id } },
        ];
      });
  }

  #things(query: string): Suggestion[] {
    const { what } = this.words();
    return (['link', 'file'] as const)
      .filter((each) => each.startsWith(query.toLowerCase()) || what[each].startsWith(query))
      .map((each) => ({ key: each, label: what[each], filter: { kind: 'has', what: each } }));
  }

  #marks(query: string): Suggestion[] {
    const { marked } = this.words();
    return (['starred', 'pinned'] as const)
      .filter((each) => each.startsWith(query.toLowerCase()) || marked[each].startsWith(query))
      .map((each) => ({ key: each, label: marked[each], filter: { kind: 'is', what: each } }));
  }

  #days(kind: 'after' | 'before', query: string): Suggestion[] {
    const { format } = this.talk;
    const today = new Date().setHours(0, 0, 0, 0);
    const typed = dayIn(query);
    const days =
      query === ''
        ? daysOffered.map((back) => new Date(today).setDate(new Date(today).getDate() - back))
        : typed === null
          ? []
          : [typed];
    return days.map((at) => ({ key: String(at), label: format.day(at, today), filter: { kind, at } }));
  }
}
