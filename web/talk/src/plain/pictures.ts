/*
 * Bytes of files and faces. An address alone opens nothing for somebody whose token travels in a header, such as a visitor, so what
 * an element shows is fetched and shown from memory.
 */

/** Pictures that are kept in memory; the oldest go first. */
const kept_max = 60;

export class Pictures {
  readonly #token: () => string | null;
  readonly #urls = new Map<string, Promise<string>>();

  readonly #base: string;

  readonly #credentials: RequestCredentials;

  /** `base`: the server's address; '' for this page's own origin. `cookies`: whether the session cookie speaks, where there is no token. */
  constructor(token: () => string | null, base = '', cookies = false) {
    this.#token = token;
    this.#base = base;
    this.#credentials = cookies ? 'include' : 'omit';
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
    const base = new URL(this.#base, location.href);
    const url = new URL(path, base);
    // Only addresses of the server: the token must not go anywhere else.
    if (url.origin !== base.origin) throw new Error('foreign');
    const response = await fetch(url, {
      credentials: this.#credentials,
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(String(response.status));
    return response.blob();
  }
}
