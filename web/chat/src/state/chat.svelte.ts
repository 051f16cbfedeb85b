import type { EnckeClient, Me } from '@encke/sdk';
import { Shell, type Inside } from '@encke/shell/state';
import { Talk, type SearchFilter } from '@encke/talk/state';
import type { TextStorage } from '@encke/ui/plain';
import { wordsIn, type Words } from '../i18n/words';
import { hashOf, placeInHash } from '../model/route';
import type { Noticing } from './noticing.svelte';

/** What a search begins with. */
export interface SearchFrom {
  readonly text: string;
  readonly filters: readonly SearchFilter[];
}

export type OpenDialog = 'create' | 'settings' | 'password' | 'keys' | 'noticing';

/** The chat: which conversation the address names, and what is open beside it. */
export class Chat {
  readonly shell: Shell;
  /** Null while nobody is signed in. */
  talk: Talk | null = $state.raw(null);
  dialog: OpenDialog | null = $state(null);
  /** Whether the palette is open. */
  palette = $state(false);
  /** Notifications; null until they are loaded, which is after the first sight. */
  noticing: Noticing | null = $state.raw(null);
  /** Whether the details of the open conversation are shown. */
  details = $state(false);
  /** The search, while it is open; `from` is null if it goes on where it was. */
  search: { readonly from: SearchFrom | null } | null = $state.raw(null);
  /** It comes when it is first opened. */
  SearchPane: typeof import('@encke/talk/search').SearchPane | null = $state.raw(null);

  constructor(private readonly storage: TextStorage) {
    this.shell = new Shell(storage, (client, me) => this.#open(client, me));
  }

  get words(): Words {
    return wordsIn[this.shell.preferences.current.language];
  }

  toggleDetails(): void {
    this.details = !this.details || this.search !== null;
    this.search = null;
  }

  async openSearch(from: SearchFrom | null = null): Promise<void> {
    await this.shell.attempt(async () => {
      this.SearchPane ??= (await import('@encke/talk/search')).SearchPane;
      if (this.search === null || from !== null) this.search = { from };
      document.querySelector<HTMLElement>('[data-search-field]')?.focus();
    });
  }

  followAddress(): void {
    const { conversation, seq } = placeInHash(location.hash);
    if (conversation !== null && seq !== null) void this.talk?.jump(conversation, seq);
    else this.talk?.show(conversation);
  }

  #open(client: EnckeClient, me: Me): Inside {
    const talk = new Talk({
      client,
      person: me.id,
      storage: this.storage,
      choices: () => this.shell.preferences.current,
      linkTo: (conversation, seq) => new URL(hashOf(conversation, seq), location.href).href,
      attempt: (action) => this.shell.attempt(action),
      notify: (text) => this.shell.notices.show(text),
      offer: (text, action) => this.shell.notices.offer(text, action),
      came: (event) => void this.noticing?.tell(talk, event),
      shown: (id) => this.#shown(id),
    });
    this.details = false;
    this.talk = talk;
    talk.start(placeInHash(location.hash).conversation);
    this.followAddress();
    return {
      settle: () => talk.leave(),
      stop: () => {
        talk.stop();
        this.noticing?.end();
        this.noticing = null;
        this.talk = null;
        this.dialog = null;
        this.search = null;
      },
      forget: () => talk.forget(),
    };
  }

  #shown(id: string | null): void {
    this.details = false;
    if (placeInHash(location.hash).conversation === id) return;
    // A conversation is a step that the browser's Back undoes. Going back to the list is none.
    if (id === null) history.replaceState(null, '', hashOf(id));
    else location.hash = hashOf(id);
  }
}
