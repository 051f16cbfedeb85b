import { EnckeClient, type ConnectionState, type Me } from '@encke/sdk';
import { browserClock, errorText, type Locale, type TextStorage } from '@encke/ui/plain';
import { thrownText } from '../i18n/errors';
import { vocabulary, type Words } from '../i18n/words';
import { Idle } from '../model/idle';
import type { Preferences } from '../model/preferences';
import { setupCodeInHash } from '../model/setup-link';
import { Notices } from './notices.svelte';
import { PreferencesStore } from './preferences.svelte';

export type Stage = 'loading' | 'unreachable' | 'setup' | 'sign-in' | 'inside';

/** The state that a screen keeps for the signed-in person. */
export interface Inside {
  /** Brings to the server what waits. Called before the person signs out. */
  settle(): Promise<void>;
  /** Ends the state, because the person signed out or was signed out. */
  stop(): void;
  /** Removes the person's data from this device. Called before `stop` when the person signs out. */
  forget(): void;
}

/** The parts that a screen brings. */
export interface Screen {
  /** Makes the state of the screen for a person. It subscribes to the client, which is started right after. */
  open(client: EnckeClient, me: Me): Inside;
  /** Loads the words of the screen in a language. */
  loadWords(language: Locale): Promise<unknown>;
  /** The person whose conversations this device can show without the server; null if there is none. */
  offline(): Promise<Me | null>;
  /** Nobody is signed in on this device any more: what it keeps for a time without the server goes. */
  forgetOffline(): void;
}

/** The state of the page: the signed-in person, the stage, and the parts above every screen. */
export class Shell {
  readonly preferences: PreferencesStore;
  readonly notices = new Notices();
  stage: Stage = $state('loading');
  guests = $state(false);
  /** The site's name; '' while it is unknown. */
  siteName = $state('');
  /** The code of the link that the server printed; '' if the page was opened without one. */
  readonly setupCode: string;
  /** Whether the person was signed out from elsewhere. The sign-in screen says so. */
  revoked = $state(false);

  #client = new EnckeClient();
  connection: ConnectionState = $state.raw(this.#client.state);
  #inside: Inside | null = null;
  #asked: ReturnType<EnckeClient['api']['setup']> | null = null;
  #idle: Idle | null = null;
  #undo: (() => void)[] = [];
  /** Whether the person is signing out. The server then ends this connection too, which is no news. */
  #signingOut = false;

  constructor(
    storage: TextStorage,
    private readonly screen: Screen,
  ) {
    this.preferences = new PreferencesStore(storage);
    this.setupCode = setupCodeInHash(location.hash) ?? '';
    // The secret is removed from the address as soon as possible, because people see, store and share addresses.
    if (this.setupCode !== '') history.replaceState(null, '', location.pathname);
  }

  /** Asks the server who is signed in. The answer may come while the page still loads its words. */
  ask(): void {
    this.#asked = this.api.setup();
    // `begin` says what is wrong.
    this.#asked.catch(() => undefined);
  }

  get words(): Words {
    return vocabulary.in(this.preferences.current.language);
  }

  /** Loads the words of the chosen language. Nothing can be shown before. */
  async loadWords(language = this.preferences.current.language): Promise<void> {
    await Promise.all([vocabulary.load(language), this.screen.loadWords(language)]);
  }

  /** Shows everything in another language, once its words are there. */
  async speak(language: Locale): Promise<void> {
    await this.attempt(async () => {
      await this.loadWords(language);
      this.preferences.change({ language });
    });
  }

  get api(): EnckeClient['api'] {
    return this.#client.api;
  }

  async begin(): Promise<void> {
    this.stage = 'loading';
    try {
      const asked = this.#asked ?? this.api.setup();
      this.#asked = null;
      const { needed, guests, site_name, me } = await asked;
      this.guests = guests;
      this.siteName = site_name;
      if (me !== undefined) return this.enter(me);
      this.screen.forgetOffline();
      this.stage = needed ? 'setup' : 'sign-in';
    } catch {
      const me = await this.screen.offline();
      if (me === null) this.stage = 'unreachable';
      else this.enter(me);
    }
  }

  enter(me: Me): void {
    const client = this.#client;
    this.revoked = false;
    client.useTransport(this.preferences.current.transport);
    this.#idle = new Idle(browserClock, (state) => client.presence(state));
    this.#inside = this.screen.open(client, me);
    this.#undo = [
      client.on('state', (state) => (this.connection = state)),
      client.on('revoked', () => {
        if (!this.#signingOut) this.#leave(true);
      }),
      client.on('error', (error) => {
        // The connection itself shows that the device is offline.
        if (!error.retry) this.notices.show(errorText(error.code, error.message, this.words), 'error');
      }),
    ];
    this.connection = client.state;
    this.stage = 'inside';
    client.start();
  }

  async signOut(options: { everywhere?: boolean; tokens?: boolean }): Promise<void> {
    const inside = this.#inside;
    this.#signingOut = true;
    await this.attempt(async () => {
      await inside?.settle();
      await this.api.signOut(options);
      inside?.forget();
      this.#leave(false);
    });
    this.#signingOut = false;
  }

  /** Runs an action that may be refused, and shows a refusal as a notice. Returns whether the action succeeded. */
  async attempt(action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (thrown) {
      this.notices.show(thrownText(thrown, this.words), 'error');
      return false;
    }
  }

  /** Changes how this device connects, now and in the future. */
  useTransport(transport: Preferences['transport']): void {
    this.preferences.change({ transport });
    this.#client.useTransport(transport);
  }

  /** Called whenever the page is shown or hidden. */
  pageSeen(visible: boolean): void {
    if (visible) this.#idle?.visible();
    else this.#idle?.hidden();
  }

  #leave(revoked: boolean): void {
    if (this.#inside === null) return;
    for (const undo of this.#undo) undo();
    this.screen.forgetOffline();
    this.#inside.stop();
    this.#client.stop();
    this.#inside = null;
    this.#idle = null;
    this.#client = new EnckeClient();
    this.connection = this.#client.state;
    this.revoked = revoked;
    this.stage = 'loading';
    history.replaceState(null, '', location.pathname);
    void this.begin().then(() => (this.revoked = revoked));
  }
}
