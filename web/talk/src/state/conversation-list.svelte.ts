import type { Conversation, ConversationPage, ConversationQuery, Snapshot } from '@encke/sdk';
import type { Clock } from '@encke/ui/plain';
import { choicesOf } from '../model/choices';
import { sorted } from '../model/directory';
import { everything, listed, nothingLoaded, withPage, type Filter, type Loaded } from '../model/pages';
import type { World } from '../model/world';

/** The pause after the last key before the server is asked for what was typed. */
export const searchPauseMs = 250;

export interface ConversationListOptions {
  readonly clock: Clock;
  readonly world: () => World | null;
  readonly openId: () => string | null;
  readonly title: (conversation: Conversation) => string;
  readonly page: (query: ConversationQuery) => Promise<ConversationPage | null>;
}

/** The list of conversations: what is searched for, what is shown, and the pages that come as somebody scrolls. */
export class ConversationList {
  loading: 'idle' | 'loading' | 'failed' = $state('idle');
  /** Why the last page did not come. */
  refused: unknown = $state.raw(null);
  #query = $state('');
  #unread = $state(false);
  #archived = $state(false);
  #folder = $state('');
  /** The list by activity. It stays while something is searched for. */
  #all: Loaded = $state.raw(nothingLoaded);
  #matching: Loaded = $state.raw(nothingLoaded);
  #asked = 0;
  #callOff: () => void = () => undefined;

  readonly #filter: Filter = $derived({
    query: this.#query.trim(),
    unread: this.#unread,
    archived: this.#archived,
    folder: this.#folder,
  });
  readonly #filtering: boolean = $derived(
    this.#filter.query !== '' || this.#unread || this.#archived || this.#folder !== '',
  );
  readonly #loaded: Loaded = $derived(this.#filtering ? this.#matching : this.#all);
  readonly #sorted: Conversation[] = $derived.by(() =>
    sorted(this.options.world()?.conversations.values() ?? []).filter(({ parent }) => parent === undefined),
  );
  readonly shown: readonly Conversation[] = $derived.by(() => {
    const { openId, title } = this.options;
    return listed(this.#sorted, this.#loaded, this.#filter, openId(), title);
  });
  /** Whether there is nothing more to load. */
  readonly whole: boolean = $derived(this.#loaded.before === null);
  /** The number of conversations that are known here and put away. */
  readonly putAway: number = $derived(this.#sorted.filter((each) => choicesOf(each).archived).length);
  /** The person's folders. One that is empty for sure is left out. */
  readonly folders: readonly string[] = $derived.by(() => {
    const used = new Set(this.#sorted.map((each) => choicesOf(each).folder));
    const known = this.options.world()?.folders ?? [];
    return known.filter((name) => this.#all.before !== null || used.has(name));
  });

  constructor(private readonly options: ConversationListOptions) {}

  get query(): string {
    return this.#query;
  }

  set query(text: string) {
    if (text === this.#query) return;
    const same = text.trim() === this.#query.trim();
    this.#query = text;
    if (!same) this.#start(searchPauseMs);
  }

  get unread(): boolean {
    return this.#unread;
  }

  set unread(only: boolean) {
    if (only === this.#unread) return;
    this.#unread = only;
    this.#start(0);
  }

  /** Whether those that are put away are shown, in place of the others. */
  get archived(): boolean {
    return this.#archived;
  }

  set archived(only: boolean) {
    if (only === this.#archived) return;
    this.#archived = only;
    this.#folder = '';
    this.#start(0);
  }

  /** The folder that is shown; '' for all. */
  get folder(): string {
    return this.#folder;
  }

  set folder(name: string) {
    if (name === this.#folder) return;
    this.#folder = name;
    this.#archived = false;
    this.#start(0);
  }

  /** Loads the next page, unless one is on its way. After a failure only `retry` does. */
  more(): void {
    if (this.loading === 'idle' && !this.whole && this.options.world() !== null) void this.#load();
  }

  retry(): void {
    this.loading = 'idle';
    this.more();
  }

  took(snapshot: Snapshot): void {
    const page = { conversations: snapshot.conversations, before: snapshot.conversations_before };
    this.#all = withPage(nothingLoaded, page);
    this.#start(0);
  }

  stop(): void {
    this.#asked += 1;
    this.#callOff();
  }

  /** Something else is to be shown; what is on its way for the list before is no longer wanted. */
  #start(pauseMs: number): void {
    this.stop();
    this.loading = 'idle';
    this.refused = null;
    if (!this.#filtering) return;
    const known = this.#all.before === null;
    this.#matching = known ? everything : nothingLoaded;
    if (known || this.options.world() === null) return;
    this.loading = 'loading';
    this.#callOff = this.options.clock.after(pauseMs, () => void this.#load());
  }

  async #load(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    const filtering = this.#filtering;
    const { query, unread, archived, folder } = this.#filter;
    const { before } = this.#loaded;
    this.loading = 'loading';
    try {
      const page = await this.options.page({
        ...(query === '' ? {} : { q: query }),
        ...(unread ? { unread } : {}),
        ...(archived && query === '' ? { archived } : {}),
        ...(folder !== '' && query === '' ? { folder } : {}),
        ...(before == null ? {} : { before }),
      });
      if (mine !== this.#asked) return;
      if (page !== null && filtering) this.#matching = withPage(this.#matching, page);
      else if (page !== null) this.#all = withPage(this.#all, page);
      this.loading = 'idle';
      this.refused = null;
    } catch (thrown) {
      if (mine !== this.#asked) return;
      this.loading = 'failed';
      this.refused = thrown;
    }
  }
}
