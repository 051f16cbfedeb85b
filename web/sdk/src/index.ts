/** `@encke/sdk`: the browser client of Encke. Entry point: `EnckeClient`. */
export type { ClientEvents, ClientOptions } from './client.js';
export { EnckeClient } from './encke-client.js';
export { Api } from './api.js';
export { ApiError, type LocalCode } from './errors.js';
export { memoryStorage, type Environment, type KeyValueStorage } from './environment.js';
export type * from './types.js';
