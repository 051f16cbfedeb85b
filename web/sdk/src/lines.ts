/** Cuts text that comes in pieces into lines, which end with LF, CR LF or CR. */
import { ApiError } from './errors.js';

/** Far above any item; past it the other side isn't Encke. */
export const line_chars_max = 4 * 1024 * 1024;

export class Lines {
  #rest: string[] = [];
  #restLength = 0;
  #afterCr = false;

  /** The lines that `piece` completes, without their ends. */
  push(piece: string): string[] {
    const text = this.#afterCr && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') this.#afterCr = piece.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = this.#rest.join('') + (lines[0] ?? '');
      this.#rest = [];
      this.#restLength = 0;
    }
    if (rest !== '') this.#rest.push(rest);
    this.#restLength += rest.length;
    if (this.#restLength > line_chars_max)
      throw ApiError.local('not_encke', 'A line of the feed has no end.', true);
    return lines;
  }
}
