/**
 * The calls for what people show of themselves, and for their quiet hours. A file of its own (`@encke/sdk/people`), so that a first load does not carry
 * them.
 *
 * Entry point: `PeopleApi`.
 */
import type { Api } from './api.js';
import type { NewStatus, Person, Quiet } from './types.js';

export class PeopleApi {
  readonly #api: Pick<Api, 'call'>;

  constructor(api: Pick<Api, 'call'>) {
    this.#api = api;
  }

  /** A person as the caller sees it now. */
  person(id: string): Promise<Person> {
    return this.#api.call('GET', `/v1/people/${encodeURIComponent(id)}`);
  }

  /** Gives the caller another display name. One that looks like somebody else's is refused. */
  setName(display_name: string): Promise<Person> {
    return this.#api.call('PUT', '/v1/profile/name', { display_name });
  }

  /** Sets the caller's status in place of an earlier one. */
  setStatus(status: NewStatus): Promise<Person> {
    return this.#api.call('PUT', '/v1/profile/status', status);
  }

  /** Hides when the caller was last seen, or shows it again. Who hides it sees nobody else's. */
  hideLastSeen(hidden: boolean): Promise<Person> {
    return this.#api.call('PUT', '/v1/profile/last-seen', { hidden });
  }

  /** The times at which the caller is not notified of anything. */
  quiet(): Promise<Quiet> {
    return this.#api.call('GET', '/v1/quiet');
  }

  /** Sets them in place of earlier ones, on all devices. */
  setQuiet(quiet: Quiet): Promise<Quiet> {
    return this.#api.call('PUT', '/v1/quiet', quiet);
  }

  endStatus(): Promise<Person> {
    return this.#api.call('DELETE', '/v1/profile/status');
  }

  /** Makes a picture that the caller has uploaded its own. */
  setPicture(file: string): Promise<Person> {
    return this.#api.call('PUT', '/v1/profile/picture', { file });
  }

  removePicture(): Promise<Person> {
    return this.#api.call('DELETE', '/v1/profile/picture');
  }
}
