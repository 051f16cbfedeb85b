/** The client with typed calls for every HTTP endpoint. */
import { Api } from './api.js';
import { Client, type ClientOptions } from './client.js';

export class EnckeClient extends Client<Api> {
  constructor(options: ClientOptions = {}) {
    super(options, (http) => new Api(http));
  }
}
