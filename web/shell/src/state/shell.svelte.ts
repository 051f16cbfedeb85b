import { ApiError, EnckeClient, type ConnectionState, type Me } from '@encke/sdk';
import { browserClock, errorText, type TextStorage } from '@encke/ui/plain';
import { thrownText } from '../i18n/errors';
import { wordsIn, type Words } from '../i18n/words';
import { Idle } from '../model/idle';
import type { Preferences } from '../model/preferences';
import { setupCodeInHash } from '../model/setup-link';
import { Notices } from './notices.svelte';
import { PreferencesStore } from './preferences.svelte';

export type Stage = 'loading' | 'unreachable' | 'setup' | 'sign-in' | 'inside';

/** The state that a screen keeps for the person who is signed in. */
export interface Inside {
  /** Ends it: somebody signed out, or was signed out. */
  stop(): void;
  /** Removes from this device what the person left there. Called before `stop` when the person signs out. */
  forget(): void;
}

/** The page: who is asking, which stage that gives, and what stands above every screen. */
export class Shell {
  readonly preferences: PreferencesStore;
  readonly notices = new Notices();
  stage: Stage = $state('loading');
  guests = $state(false);
  /** The site's name; '' while it is unknown. */
  siteName = $state('');
  /** The code of the link that the server printed; '' if the page was opened without one. */
  readonly setupCode: string;
  /** The person was signed out by somebody or something else. The sign-in screen says so. */
  revoked = $state(false);

  #client = new EnckeClient();
  connection: ConnectionState = $state.raw(this.#client.state);
  #inside: Inside | null = null;
  #idle: Idle | null = null;
  #undo: (() => void)[] = [];
  /** While the person signs out, the server ends this connection too; that is no news then. */
  #signingOut = false;

  /** `open` makes what the screen keeps for a person. It subscribes to the client, which is started right after. */
  constructor(
    storage: TextStorage,
    private readonly open: (client: EnckeClient, me: Me) => Inside,
  ) {
    this.preferences = new PreferencesStore(storage);
    this.setupCode = setupCodeInHash(location.hash) ?? '';
    // A secret stays in the address no longer than it is needed: addresses are looked at, kept and shared.
    if (this.setupCode !== '') history.replaceState(null, '', location.pathname);
  }

  get words(): Words {
    return wordsIn[this.preferences.current.language];
  }

  get api(): EnckeClient['api'] {
    return this.#client.api;
  }

  async begin(): Promise<void> {
    this.stage = 'loading';
    try {
      const setup = await this.api.setup();
      this.guests = setup.guests;
      this.siteName = setup.site_name;
      if (setup.needed) this.stage = 'setup';
      else this.enter(await this.api.me());
    } catch (thrown) {
      this.stage = thrown instanceof ApiError && thrown.status === 401 ? 'sign-in' : 'unreachable';
    }
  }

  enter(me: Me): void {
    const client = this.#client;
    this.revoked = false;
    client.useTransport(this.preferences.current.transport);
    this.#idle = new Idle(browserClock, (state) => client.presence(state));
    this.#inside = this.open(client, me);
    this.#undo = [
      client.on('state', (state) => (this.connection = state)),
      client.on('revoked', () => {
        if (!this.#signingOut) this.#leave(true);
      }),
      client.on('error', (error) => {
        // Being offline is shown by the connection itself.
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
      await this.api.signOut(options);
      inside?.forget();
      this.#leave(false);
    });
    this.#signingOut = false;
  }

  /** Does what may be refused; a refusal becomes a notice. Answers whether it went well. */
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
