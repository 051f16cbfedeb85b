/*
 * The page of the site that the iframe stands in. It is whoever said hello first from the window above; only that window, as
 * long as it stays on that origin, is heard, and only it is told anything.
 */
import { mark, readTold, type Telling, type Told } from './protocol';

export class Host {
  readonly framed = window.parent !== window;
  #origin: string | null = null;

  constructor(hear: (told: Told) => void) {
    if (!this.framed) return;
    addEventListener('message', (event: MessageEvent<unknown>) => {
      // Another frame of the page, or one within this page, is nobody. Nor is a page without an origin, which could be any.
      if (event.source !== window.parent || event.origin === 'null' || event.origin === '') return;
      if (this.#origin !== null && event.origin !== this.#origin) return;
      const told = readTold(event.data);
      if (told === null || (this.#origin === null && told.say !== 'hello')) return;
      this.#origin = event.origin;
      hear(told);
    });
  }

  tell(telling: Telling): void {
    if (this.#origin !== null) window.parent.postMessage({ encke: mark, ...telling }, this.#origin);
  }
}
