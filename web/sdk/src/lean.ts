/**
 * The client for pages that must stay small, such as a visitor's: a conversation, and `call` for all else. A file of its own
 * (`@encke/sdk/lean`).
 */
import { Client, type ClientOptions } from './client.js';
import { LeanApi } from './lean-api.js';

export class LeanClient extends Client<LeanApi> {
  constructor(options: ClientOptions = {}) {
    super(options, (http) => new LeanApi(http));
  }
}
