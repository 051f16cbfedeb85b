/** Small values that outlive the page. A storage that is full or forbidden costs memory of them, never a fault. */
import type { KeyValueStorage } from './environment.js';

export class Store {
  readonly #storage: KeyValueStorage;
  readonly #prefix: string;

  constructor(storage: KeyValueStorage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /** A part of this store with names of its own. */
  under(name: string): Store {
    return new Store(this.#storage, `${this.#prefix}${name}:`);
  }

  get(name: string): string | null {
    return this.#try(() => this.#storage.getItem(this.#prefix + name), null);
  }

  set(name: string, value: string): void {
    this.#try(() => this.#storage.setItem(this.#prefix + name, value), undefined);
  }

  remove(name: string): void {
    this.#try(() => this.#storage.removeItem(this.#prefix + name), undefined);
  }

  names(): string[] {
    return this.#try(() => {
      const names: string[] = [];
      for (let index = 0; index < this.#storage.length; index += 1) {
        const key = this.#storage.key(index);
        if (key?.startsWith(this.#prefix)) names.push(key.slice(this.#prefix.length));
      }
      return names;
    }, []);
  }

  #try<T>(run: () => T, otherwise: T): T {
    try {
      return run();
    } catch {
      return otherwise;
    }
  }
}
