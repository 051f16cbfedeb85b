/* The files that go with the next message: each is uploaded as soon as it is chosen, in pieces that are resumed after a break. */
import { upload, type UploadedFile } from '@encke/sdk/upload';
import { ApiError } from '@encke/sdk';

/** Files of one message. */
export const files_max = 5;

export interface Tray {
  readonly items: readonly TrayItem[];
  /** Whether all of them have arrived. */
  readonly ready: boolean;
}

export interface TrayItem {
  readonly key: string;
  readonly name: string;
  /** From 0 to 1. */
  readonly done: number;
  readonly file: UploadedFile | null;
  readonly error: ApiError | null;
}

interface Held {
  item: TrayItem;
  readonly stop: AbortController;
}

export class Uploads implements Tray {
  readonly #token: () => string | null;
  readonly #changed: () => void;
  readonly #baseUrl: string;
  #held: Held[] = [];
  #count = 0;

  /** `baseUrl`: the server's address; '' for this page's own origin. */
  constructor(token: () => string | null, changed: () => void, baseUrl = '') {
    this.#token = token;
    this.#changed = changed;
    this.#baseUrl = baseUrl;
  }

  get items(): readonly TrayItem[] {
    return this.#held.map(({ item }) => item);
  }

  get ready(): boolean {
    return this.#held.every(({ item }) => item.file !== null);
  }

  /** Those that find no room are left out; false then. */
  add(files: readonly File[]): boolean {
    const room = files_max - this.#held.length;
    for (const file of files.slice(0, room)) {
      const key = String((this.#count += 1));
      const held: Held = {
        item: { key, name: file.name, done: 0, file: null, error: null },
        stop: new AbortController(),
      };
      this.#held.push(held);
      void this.#upload(held, file);
    }
    this.#changed();
    return files.length <= room;
  }

  remove(key: string): void {
    const held = this.#held.find(({ item }) => item.key === key);
    held?.stop.abort();
    this.#held = this.#held.filter((each) => each !== held);
    this.#changed();
  }

  /** The ids of the files, which are the message's from now on. */
  take(): string[] {
    const ids = this.#held.flatMap(({ item }) => (item.file === null ? [] : [item.file.id]));
    this.#held = [];
    this.#changed();
    return ids;
  }

  async #upload(held: Held, file: File): Promise<void> {
    const change = (to: Partial<TrayItem>) => {
      held.item = { ...held.item, ...to };
      this.#changed();
    };
    try {
      const uploaded = await upload(file, {
        name: file.name,
        baseUrl: this.#baseUrl,
        token: this.#token(),
        signal: held.stop.signal,
        onProgress: (bytes, of) => change({ done: of === 0 ? 1 : bytes / of }),
      });
      change({ done: 1, file: uploaded });
    } catch (thrown) {
      change({ error: ApiError.from(thrown) });
    }
  }
}
