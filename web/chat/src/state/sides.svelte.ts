import type { Conversation } from '@encke/sdk';
import type { Talk } from '@encke/talk/state';

/** Conversations beside the open one, at most. */
export const sidesMax = 3;
/** CSS pixels: the list, the open conversation at least, one beside it at least, and a pane. */
const widths = { list: 340, open: 420, side: 340, pane: 380 };

/** The conversations that a person has put beside the open one, as many as the window is wide enough for. */
export class Sides {
  #ids: readonly string[] = $state.raw([]);
  #width = $state(innerWidth);
  readonly #name: string;

  /** `pane` says whether a pane stands beside them. */
  constructor(
    private readonly talk: Talk,
    private readonly pane: () => boolean,
  ) {
    this.#name = `encke.sides.${talk.options.person}`;
    this.#ids = parse(talk.options.storage.getItem(this.#name));
    for (const id of this.#ids) talk.look(id);
    addEventListener('resize', this.#resized);
  }

  /** Those that are shown. The open one is not among them. */
  readonly shown: readonly Conversation[] = $derived.by(() => {
    const { talk } = this;
    if (talk.open === null) return [];
    const others = this.#ids.filter((id) => id !== talk.openId);
    const known = others.flatMap((id) => talk.world?.conversations.get(id) ?? []);
    return known.slice(0, this.#room);
  });

  get count(): number {
    return this.shown.length;
  }

  /** Called when the person is no longer signed in. */
  end(): void {
    removeEventListener('resize', this.#resized);
  }

  /** Whether there is room for a conversation beside the open one. */
  takes(id: string): boolean {
    const { talk } = this;
    return (
      this.#room > 0 && talk.open !== null && id !== talk.openId && !this.shown.some((one) => one.id === id)
    );
  }

  /** Shows one; where there is no more room, in the place of the one that came first. */
  open(id: string): void {
    const others = this.#ids.filter((other) => other !== id && other !== this.talk.openId);
    this.#set([...others, id].slice(-Math.max(1, this.#room)));
  }

  close(id: string): void {
    this.#set(this.#ids.filter((other) => other !== id));
  }

  /** The columns of the page; undefined where its own style decides. */
  get columns(): string | undefined {
    if (this.count === 0) return undefined;
    const { list, pane } = widths;
    const last = this.pane() ? ` ${pane}px` : '';
    return `minmax(260px, ${list}px) minmax(0, 1fr) minmax(0, ${this.count}fr)${last}`;
  }

  /** On sign-out: nothing of a person stays on the device. */
  forget(): void {
    this.talk.options.storage.removeItem(this.#name);
  }

  get #room(): number {
    const { list, open, side, pane } = widths;
    const left = this.#width - list - open - (this.pane() ? pane : 0);
    return Math.max(0, Math.min(sidesMax, Math.floor(left / side)));
  }

  readonly #resized = (): void => {
    this.#width = innerWidth;
  };

  #set(ids: readonly string[]): void {
    this.#ids = ids;
    try {
      this.talk.options.storage.setItem(this.#name, JSON.stringify(ids));
    } catch {
      // Storage may be full or forbidden; then they live as long as the page.
    }
  }
}

function parse(json: string | null): readonly string[] {
  try {
    const value: unknown = JSON.parse(json ?? '[]');
    if (!Array.isArray(value)) return [];
    return value.filter((id): id is string => typeof id === 'string').slice(0, sidesMax);
  } catch {
    return [];
  }
}
