/** Typed events. A handler that throws is reported and never stops the feed. */
export class Emitter<Events> {
  readonly #handlers: { [K in keyof Events]?: Set<(value: Events[K]) => void> } = {};
  readonly #report: (thrown: unknown) => void;

  constructor(report: (thrown: unknown) => void) {
    this.#report = report;
  }

  on<K extends keyof Events>(name: K, handler: (value: Events[K]) => void): () => void {
    const handlers = (this.#handlers[name] ??= new Set());
    handlers.add(handler);
    return () => void handlers.delete(handler);
  }

  emit<K extends keyof Events>(name: K, value: Events[K]): void {
    for (const handler of [...(this.#handlers[name] ?? [])]) {
      try {
        handler(value);
      } catch (thrown) {
        this.#report(thrown);
      }
    }
  }
}
