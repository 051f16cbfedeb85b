/*
 * Bytes of files and faces. An address alone opens nothing for a visitor, whose token travels in a header, so what an element
 * shows is fetched and shown from memory.
 */

/** Pictures that are kept in memory; the oldest go first. */
const kept_max = 60;

export class Pictures {
  readonly #token: () => string | null;
  readonly #urls = new Map<string, Promise<string>>();

  constructor(token: () => string | null) {
    this.#token = token;
  }

  /** The address of a picture in memory. Rejects if it can't be read. */
  of(path: string): Promise<string> {
    const known = this.#urls.get(path);
    if (known !== undefined) return known;
    const made = this.bytes(path).then((blob) => URL.createObjectURL(blob));
    this.#urls.set(path, made);
    made.catch(() => this.#urls.delete(path));
    const [oldest] = this.#urls.keys();
    if (this.#urls.size > kept_max && oldest !== undefined) {
      void this.#urls.get(oldest)?.then((url) => URL.revokeObjectURL(url));
      this.#urls.delete(oldest);
    }
    return made;
  }

  async bytes(path: string): Promise<Blob> {
    const token = this.#token();
    // Only addresses of this site: the token must not go anywhere else.
    if (new URL(path, location.href).origin !== location.origin) throw new Error('foreign');
    const response = await fetch(path, {
      credentials: 'omit',
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(String(response.status));
    return response.blob();
  }
}
