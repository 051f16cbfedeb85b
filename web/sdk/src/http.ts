/** One HTTP exchange: credentials, JSON, errors in the one shape, a limit on the wait. */
import { asJson } from './as-json.js';
import type { Environment, RequestLike, ResponseLike } from './environment.js';
import { ApiError } from './errors.js';
import type { ErrorBody } from './types.js';

export const request_ms_max = 20_000;

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  text?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** The request goes on when the page is left. */
  keepalive?: boolean;
}

export class Http {
  readonly base: string;
  /** The bearer token; without one the session cookie speaks. `Client.useToken` puts a newer one in its place. */
  token: string | null;
  readonly #environment: Environment;

  constructor(environment: Environment, base: string, token: string | null) {
    this.#environment = environment;
    this.base = base.replace(/\/+$/, '');
    this.token = token;
  }

  /** The server's origin. */
  get origin(): string {
    return this.base === ''
      ? this.#environment.origin
      : new URL(this.base, this.#environment.origin || undefined).origin;
  }

  get sameOrigin(): boolean {
    return this.origin === this.#environment.origin;
  }

  /** Whether what can't set a header needs a ticket in its address. */
  get needsTicket(): boolean {
    return this.token !== null;
  }

  url(path: string): string {
    return this.base + path;
  }

  /** The answer as JSON; throws ApiError. */
  async json<T>(call: Call): Promise<T> {
    const stop = new AbortController();
    let late = false;
    const { clock } = this.#environment;
    const timer = clock.setTimeout(() => {
      late = true;
      stop.abort();
    }, call.timeoutMs ?? request_ms_max);
    const abort = () => stop.abort();
    call.signal?.addEventListener('abort', abort);
    try {
      const response = await this.open(call, stop.signal);
      const text = await response.text();
      return (text === '' ? undefined : parse(text, response.status)) as T;
    } catch (thrown) {
      if (late) throw ApiError.local('timeout', 'The server did not answer in time.', true);
      throw ApiError.from(thrown);
    } finally {
      clock.clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
    }
  }

  /** The response as soon as its head is there; throws ApiError unless it is a success. No limit on the wait. */
  async open(call: Call, signal: AbortSignal): Promise<ResponseLike> {
    const headers: Record<string, string> = { ...call.headers };
    if (this.token !== null) headers['Authorization'] = `Bearer ${this.token}`;
    const init: RequestLike = {
      method: call.method,
      headers,
      // With a token the cookie must not speak as well: it might be another person's.
      credentials: this.token === null ? 'include' : 'omit',
      cache: 'no-store',
      signal,
    };
    if (call.keepalive === true) init.keepalive = true;
    if (call.text !== undefined) {
      init.body = call.text;
    } else if (call.body !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = asJson(call.body);
    }
    const response = await this.#environment.fetch(this.url(call.path), init);
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw ApiError.local(
      'not_encke',
      'The answer is not JSON: something on the way answered instead.',
      true,
      status,
    );
  }
}

async function refusal(response: ResponseLike): Promise<ApiError> {
  const seconds = Number(response.headers.get('Retry-After') ?? NaN);
  const after = Number.isFinite(seconds) ? seconds * 1000 : null;
  try {
    const body = JSON.parse(await response.text()) as { error?: ErrorBody };
    if (typeof body.error?.code === 'string') return ApiError.fromBody(body.error, response.status, after);
  } catch {
    // The answer is not Encke's; the error below says so.
  }
  // A proxy's own page: what it refuses now, it may let through later.
  return ApiError.local(
    'not_encke',
    `Something on the way answered ${response.status}.`,
    true,
    response.status,
  );
}
