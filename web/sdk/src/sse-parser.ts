/** Server-sent events out of text that comes in pieces (HTML standard, 9.2.6). Comments are dropped: they are heartbeats. */
import { Lines } from './lines.js';

export interface SseEvent {
  event: string;
  data: string;
  id: string | null;
}

export class SseParser {
  readonly #lines = new Lines();
  #first = true;
  #data: string[] = [];
  #event = '';
  #id: string | null = null;

  push(piece: string): SseEvent[] {
    const text = this.#first ? piece.replace(/^\uFEFF/, '') : piece;
    if (piece !== '') this.#first = false;
    return this.#lines.push(text).flatMap((line) => (line === '' ? this.#dispatch() : this.#field(line)));
  }

  #field(line: string): SseEvent[] {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    if (name === 'event') this.#event = value;
    if (name === 'id' && !value.includes('\0')) this.#id = value;
    return [];
  }

  #dispatch(): SseEvent[] {
    const done =
      this.#data.length === 0
        ? []
        : [{ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id }];
    this.#data = [];
    this.#event = '';
    return done;
  }
}
