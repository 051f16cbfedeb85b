import { ApiError, EnckeClient, type Me } from '@encke/sdk';
import { errorText, thrownText } from '../i18n/errors';
import type { TextStorage } from '../model/drafts';
import { setupCodeInHash } from '../model/route';
import { Notices } from './notices.svelte';
import { PreferencesStore } from './preferences.svelte';
import { Session } from './session.svelte';

export type Stage = 'loading' | 'unreachable' | 'setup' | 'sign-in' | 'inside';
export type OpenDialog = 'create' | 'settings' | 'password';

/** The page: who is asking, which screen that gives, and what stands above every screen. */
export class App {
  readonly preferences: PreferencesStore;
  readonly notices = new Notices();
  stage: Stage = $state('loading');
  guests = $state(false);
  /** What the site is called; '' while that is unknown. */
  siteName = $state('');
  /** Of the link that the server printed; '' if the page was opened without. */
  readonly setupCode: string;
  /** Signed out by somebody or something else; said on the sign-in screen. */
  revoked = $state(false);
  dialog: OpenDialog | null = $state(null);
  session: Session | null = $state.raw(null);
  #client = new EnckeClient();
  /** The server ends this connection too; that is no news then. */
  #signingOut = false;

  constructor(private readonly storage: TextStorage) {
    this.preferences = new PreferencesStore(storage);
    this.setupCode = setupCodeInHash(location.hash) ?? '';
    // A secret stays in the address no longer than it is needed: addresses are looked at, kept and shared.
    if (this.setupCode !== '') history.replaceState(null, '', location.pathname);
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
    this.revoked = false;
    this.#client.useTransport(this.preferences.current.transport);
    const session = new Session({
      client: this.#client,
      person: me.id,
      storage: this.storage,
      revoked: () => {
        if (!this.#signingOut) this.#leave(true);
      },
      refused: (error) => {
        // Being offline is shown by the connection itself.
        if (!error.retry)
          this.notices.show(errorText(error.code, error.message, this.preferences.words), 'error');
      },
    });
    this.session = session;
    this.stage = 'inside';
    session.start();
  }

  async signOut(options: { everywhere?: boolean; tokens?: boolean }): Promise<void> {
    const { session } = this;
    this.#signingOut = true;
    await this.attempt(async () => {
      await this.api.signOut(options);
      session?.drafts.forget();
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
      this.notices.show(thrownText(thrown, this.preferences.words), 'error');
      return false;
    }
  }

  #leave(revoked: boolean): void {
    if (this.session === null) return;
    this.session.stop();
    this.session = null;
    this.#client = new EnckeClient();
    this.dialog = null;
    this.revoked = revoked;
    this.stage = 'loading';
    history.replaceState(null, '', location.pathname);
    void this.begin().then(() => (this.revoked = revoked));
  }
}
