/* The people that a visitor knows. */
import type { VisitorTicket } from '../model/door';
import type { Somebody } from './visitor-parts';

export class People {
  readonly #known = new Map<string, Somebody>();

  get(id: string): Somebody {
    return this.#known.get(id) ?? { id, name: '', picture: null };
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  know(
    people: readonly { id: string; display_name: string; role?: string; picture?: string | undefined }[],
  ): void {
    for (const { id, display_name: name, picture = null, role } of people)
      this.#known.set(id, { id, name, picture, visits: role === 'guest' });
  }

  knowAgents(tickets: readonly VisitorTicket[]): void {
    this.know(tickets.flatMap(({ agent }) => (agent === undefined ? [] : [agent])));
  }
}
