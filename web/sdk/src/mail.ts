/**
 * The calls for one's own e-mail address and what is told there. A file of its own (`@encke/sdk/mail`), so that a first load
 * does not carry them.
 *
 * Entry point: `MailApi`.
 */
import type { Api } from './api.js';
import type { Mails, WantedMails } from './types.js';

export class MailApi {
  readonly #api: Pick<Api, 'call'>;

  constructor(api: Pick<Api, 'call'>) {
    this.#api = api;
  }

  /** One's own mails; refused with `not_found` on a site that sends none. */
  mails(): Promise<Mails> {
    return this.#api.call('GET', '/v1/digest');
  }

  /** Chooses an address, and what is told there. An address that is not confirmed gets a link. */
  choose(wanted: WantedMails): Promise<Mails> {
    return this.#api.call('PUT', '/v1/digest', wanted);
  }

  /** Forgets one's own address. */
  forget(): Promise<void> {
    return this.#api.call('DELETE', '/v1/digest');
  }
}
