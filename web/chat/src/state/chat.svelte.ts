import type { EnckeClient, Me } from '@encke/sdk';
import { Shell, type Inside } from '@encke/shell/state';
import { keepsOrder, Talk, vocabulary as talkVocabulary, type SearchFilter } from '@encke/talk/state';
import type { TextStorage } from '@encke/ui/plain';
import type { Profiles } from '@encke/talk/profiles';
import { vocabulary, type Words } from '../i18n/words';
import { joinSecretIn } from '../model/join-link';
import { forgetCopy, readCopy } from '../model/offline-store';
import { hashOf, placeInHash } from '../model/route';
import type { Noticing } from './noticing.svelte';
import type { Offline } from './offline';
import type { Sides } from './sides.svelte';

/** What a search begins with. */
export interface SearchFrom {
  readonly text: string;
  readonly filters: readonly SearchFilter[];
}

/** A list of what the person keeps for itself. */
export type SavedTab = 'stars' | 'scheduled' | 'reminders';

export type OpenDialog = 'create' | 'settings' | 'password' | 'keys' | 'noticing' | 'blocked' | 'profile';

/** What stands beside the conversation, unless a thread does. */
export type Pane =
  | { readonly kind: 'details' | 'threads' }
  /** `from` is null if the search goes on where it was. */
  | { readonly kind: 'search'; readonly from: SearchFrom | null }
  | { readonly kind: 'saved'; readonly tab: SavedTab };

/** The chat: which conversation the address names, and what is open beside it. */
export class Chat {
  readonly shell: Shell;
  /** Null while nobody is signed in. */
  talk: Talk | null = $state.raw(null);
  dialog: OpenDialog | null = $state(null);
  /** The conversation whose menu is open, and the point of the screen where it is. */
  menu: { readonly conversation: string; readonly x: number; readonly y: number } | null = $state.raw(null);
  /** The conversation whose folder is being chosen. */
  foldering: string | null = $state(null);
  /** The secret of the invite link by which the page was opened, until the person has looked at the room. */
  joining: string | null = $state(null);
  /** Whether the palette is open. */
  palette = $state(false);
  /** Notifications; null until they are loaded, which is after the first sight. */
  noticing: Noticing | null = $state.raw(null);
  /** The conversations beside the open one; null until that is loaded. */
  sides: Sides | null = $state.raw(null);
  /** What people show of themselves; null until it is loaded. */
  profiles: Profiles | null = $state.raw(null);
  /** What is kept for a time without the server; null until it is loaded. */
  offline: Offline | null = null;
  /** What was opened beside the conversation last. */
  pane: Pane | null = $state.raw(null);
  /** It comes when it is first opened. */
  SearchPane: typeof import('@encke/talk/search').SearchPane | null = $state.raw(null);

  /** Shows what this device has kept, until the server answers; null if that is not needed. */
  #showCopy: ((talk: Talk) => void) | null = null;
  /** It comes when it is first opened. */
  SavedPane: typeof import('@encke/talk/saved').SavedPane | null = $state.raw(null);

  constructor(private readonly storage: TextStorage) {
    this.#takeSecret();
    this.shell = new Shell(storage, {
      open: (client, me) => this.#enter(client, me),
      loadWords: (language) => Promise.all([vocabulary.load(language), talkVocabulary.load(language)]),
      offline: () => this.#openOffline(),
      forgetOffline: () => forgetCopy(),
    });
  }

  get words(): Words {
    return vocabulary.in(this.shell.preferences.current.language);
  }

  /** Whether this is what one sees beside the conversation. */
  shows(kind: Pane['kind']): boolean {
    return this.pane?.kind === kind && this.talk?.beside == null;
  }

  /** Opens what needs nothing fetched, or closes it. */
  toggle(kind: 'details' | 'threads'): void {
    this.#open(this.shows(kind) ? null : { kind });
  }

  async openSearch(from: SearchFrom | null = null): Promise<void> {
    await this.shell.attempt(async () => {
      this.SearchPane ??= (await import('@encke/talk/search')).SearchPane;
      const goesOn = this.shows('search') && from === null;
      if (!goesOn) this.#open({ kind: 'search', from });
      document.querySelector<HTMLElement>('[data-search-field]')?.focus();
    });
  }

  async openSaved(tab: SavedTab): Promise<void> {
    await this.shell.attempt(async () => {
      this.SavedPane ??= (await import('@encke/talk/saved')).SavedPane;
      this.#open({ kind: 'saved', tab });
    });
  }

  #open(pane: Pane | null): void {
    if (this.talk !== null) this.talk.beside = null;
    this.pane = pane;
  }

  followAddress(): void {
    if (this.#takeSecret()) return;
    const { conversation, seq } = placeInHash(location.hash);
    if (conversation !== null && seq !== null) void this.talk?.jump(conversation, seq);
    else this.talk?.show(conversation);
  }

  async #openOffline(): Promise<Me | null> {
    const kept = await readCopy();
    if (kept === null) return null;
    const { fromOfflineCopy, showOffline } = await import('@encke/talk/offline');
    const copy = fromOfflineCopy(kept);
    if (copy === null) return null;
    this.#showCopy = (talk) => showOffline(talk, copy);
    return copy.me;
  }

  #enter(client: EnckeClient, me: Me): Inside {
    const showCopy = this.#showCopy;
    this.#showCopy = null;
    if (showCopy !== null) client.assume(me.id);
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
      reported: (id) => this.#reported(id),
      shown: (id) => this.#shown(id),
    });
    this.pane = null;
    this.talk = talk;
    showCopy?.(talk);
    talk.start(placeInHash(location.hash).conversation);
    this.followAddress();
    return {
      settle: () => talk.leave(),
      stop: () => {
        talk.stop();
        this.noticing?.end();
        this.noticing = null;
        this.profiles?.stop();
        this.profiles = null;
        this.offline?.end();
        this.offline = null;
        this.sides?.end();
        this.sides = null;
        this.talk = null;
        this.dialog = null;
        this.menu = null;
        this.foldering = null;
        this.pane = null;
      },
      forget: () => {
        talk.forget();
        this.sides?.forget();
      },
    };
  }

  /** Takes the secret of an invite link out of the address, because people see, store and share addresses. */
  #takeSecret(): boolean {
    const secret = joinSecretIn(location.hash);
    if (secret === null) return false;
    this.joining = secret;
    history.replaceState(null, '', hashOf(this.talk?.openId ?? null));
    return true;
  }

  #reported(id: string): void {
    const known = this.talk?.world?.conversations.get(id);
    const isHere = known !== undefined && keepsOrder(known);
    const { reported, reportedSomewhere } = this.words;
    this.shell.notices.show(isHere ? reported(this.talk?.titleOf(known) ?? '') : reportedSomewhere);
  }

  #shown(id: string | null): void {
    if (this.pane?.kind === 'details') this.pane = null;
    if (placeInHash(location.hash).conversation === id) return;
    // A conversation is a step that the browser's Back undoes. Going back to the list is none.
    if (id === null) history.replaceState(null, '', hashOf(id));
    else location.hash = hashOf(id);
  }
}
