import type { EnckeClient } from '@encke/sdk';
import { renew, subscribe, subscribing, unsubscribe, type Subscribing } from '../model/subscribing';
import type { Shell } from './shell.svelte';

/** Where the service worker lies, seen from the page. One worker serves all screens of a site. */
export type WorkerAddress = 'worker.js' | '../worker.js';

/** Whether this browser tells the person what happens while no page is open. Each screen has the switch; the choice is one. */
export class PushSwitch {
  state: Subscribing = $state('off');
  busy = $state(false);

  constructor(
    private readonly shell: Shell,
    private readonly worker: WorkerAddress,
  ) {
    void this.#begin();
  }

  /** Called when the person is no longer signed in. The server has forgotten the subscription with the session. */
  end(): void {
    void unsubscribe(null).catch(() => undefined);
  }

  async turn(on: boolean): Promise<void> {
    this.busy = true;
    await this.shell.attempt(async () => {
      if (on) this.state = await subscribe(this.#api, this.#language, this.worker);
      else {
        await unsubscribe(this.#api);
        this.state = await subscribing();
      }
    });
    this.busy = false;
  }

  get #api(): EnckeClient['api'] {
    return this.shell.api;
  }

  get #language(): 'en' | 'zh-CN' {
    return this.shell.preferences.current.language;
  }

  async #begin(): Promise<void> {
    this.state = await subscribing();
    if (this.state === 'on') await renew(this.#api, this.#language).catch(() => undefined);
  }
}
