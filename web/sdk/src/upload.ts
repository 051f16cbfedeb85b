/**
 * Uploads of files, in pieces that are resumed. A file of its own (`@encke/sdk/upload`), so that pages without files
 * don't carry it.
 *
 * Entry point: `upload`. What has arrived stays: after a break, or with the id of an upload that an earlier page began, it
 * asks the server how far it is, and sends the rest.
 */
import { Backoff } from './backoff.js';
import { ApiError } from './errors.js';
import type { components } from './wire.js';

export type UploadedFile = components['schemas']['File'];

/**
 * Bytes of a piece: what the server brings to its disk at one time, and a multiple of the 5 MiB at which an upload to a
 * bucket goes on.
 */
export const piece_bytes = 40 * 1024 * 1024;
/** Tries without a byte of progress after which an upload fails; the id is still good. */
export const tries_max = 8;
/** Milliseconds without a byte, of the server or to it, after which a request is given up. */
export const silence_ms_max = 30_000;

/** A request as `XMLHttpRequest` sends it, because `fetch` does not tell how much of a body is sent. */
export interface UploadRequest {
  method: 'POST' | 'PATCH' | 'HEAD' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body: Blob | string | null;
  /** Whether the cookie speaks. */
  credentials: boolean;
  signal: AbortSignal;
  /** Bytes of the body that are on their way. */
  onSent: (bytes: number) => void;
}

export interface UploadResponse {
  status: number;
  header(name: string): string | null;
  text: string;
}

/** What an upload asks of the outside. Rejects when there is no answer. */
export interface UploadEnvironment {
  request(request: UploadRequest): Promise<UploadResponse>;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export interface UploadOptions {
  /** Of another origin than the page's: that of the server. */
  baseUrl?: string;
  token?: string | null;
  name: string;
  /** Pixels of a video. */
  width?: number;
  height?: number;
  /** Milliseconds of sound or video. */
  durationMs?: number;
  /** Where a proxy takes no large bodies, fewer than `piece_bytes`: 5 MiB at least, or an upload to a bucket stands still. */
  pieceBytes?: number;
  /** The id of an upload of these bytes that was begun before. */
  resume?: string;
  /** Called with the id once the upload has begun: with it, it can be resumed within a day. */
  onBegun?: (id: string) => void;
  /** Called with the bytes that are sent or stored. They may go back when a piece breaks off. */
  onProgress?: (bytes: number, of: number) => void;
  /** Cancels the upload, on the server as well. */
  signal?: AbortSignal;
  environment?: UploadEnvironment;
}

/** Uploads these bytes and returns the file, ready to be sent with a message. Throws `ApiError`; `stopped` if cancelled. */
export function upload(bytes: Blob, options: UploadOptions): Promise<UploadedFile> {
  return new Upload(bytes, options).run();
}

class Upload {
  readonly #bytes: Blob;
  readonly #options: UploadOptions;
  readonly #environment: UploadEnvironment;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  #tries = 0;

  constructor(bytes: Blob, options: UploadOptions) {
    this.#bytes = bytes;
    this.#options = options;
    this.#environment = options.environment ?? browserUploads();
    this.#signal = options.signal ?? new AbortController().signal;
    this.#backoff = new Backoff(() => this.#environment.random());
  }

  async run(): Promise<UploadedFile> {
    let path: string | null = null;
    try {
      let offset: number | null = 0;
      if (this.#options.resume === undefined) {
        path = await this.#patiently(() => this.#begin());
      } else {
        path = `/v1/files/${encodeURIComponent(this.#options.resume)}`;
        offset = null;
      }
      return await this.#send(path, offset);
    } catch (thrown) {
      if (!this.#signal.aborted) throw ApiError.from(thrown);
      if (path !== null) await this.#cancel(path);
      throw ApiError.local('stopped', 'The upload was cancelled.', false);
    }
  }

  /** Announces the file. An announcement whose answer is lost is forgotten by the server after a day. */
  async #begin(): Promise<string> {
    const { name, width, height, durationMs } = this.#options;
    const { size, type } = this.#bytes;
    const body = JSON.stringify({
      name,
      bytes: size,
      ...(type === '' ? {} : { type }),
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
      ...(durationMs === undefined ? {} : { duration_ms: Math.round(durationMs) }),
    });
    const answer = await this.#ask('POST', '/v1/files', { 'Content-Type': 'application/json' }, body);
    const begun = JSON.parse(answer.text) as components['schemas']['UploadBegun'];
    this.#options.onBegun?.(begun.id);
    return begun.url;
  }

  /** Sends all pieces from `offset` on; `null` if the server has to be asked first. */
  async #send(path: string, offset: number | null): Promise<UploadedFile> {
    let stored = offset;
    for (;;) {
      try {
        stored ??= await this.#stored(path);
        const state = await this.#piece(path, stored);
        if (state.file !== undefined) return state.file;
        if (state.offset > stored) this.#progressed();
        else await this.#again(ApiError.local('network', 'The server stored nothing of a piece.', true));
        stored = state.offset;
      } catch (thrown) {
        await this.#again(thrown);
        stored = null;
      }
    }
  }

  async #stored(path: string): Promise<number> {
    const answer = await this.#ask('HEAD', path, {}, null);
    const offset = Number(answer.header('Upload-Offset') ?? NaN);
    if (!Number.isSafeInteger(offset) || offset > this.#bytes.size) {
      throw ApiError.local('not_encke', 'The server has another file under this id.', false, answer.status);
    }
    return offset;
  }

  async #piece(path: string, offset: number): Promise<components['schemas']['UploadState']> {
    const piece = this.#bytes.slice(offset, offset + (this.#options.pieceBytes ?? piece_bytes));
    const headers = { 'Content-Type': 'application/octet-stream', 'Upload-Offset': String(offset) };
    const answer = await this.#ask('PATCH', path, headers, piece, (sent) => this.#tell(offset + sent));
    const state = JSON.parse(answer.text) as components['schemas']['UploadState'];
    this.#tell(state.offset);
    return state;
  }

  #tell(bytes: number): void {
    // What is sent of a request may count more than the body.
    this.#options.onProgress?.(Math.min(bytes, this.#bytes.size), this.#bytes.size);
  }

  async #cancel(path: string): Promise<void> {
    const signal = new AbortController().signal;
    // The server forgets the upload after a day in any case.
    await this.#ask('DELETE', path, {}, null, undefined, signal).catch(() => undefined);
  }

  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        this.#progressed();
        return answer;
      } catch (thrown) {
        await this.#again(thrown);
      }
    }
  }

  #progressed(): void {
    this.#tries = 0;
    this.#backoff.reset();
  }

  /** Waits before another try, or throws what makes another one useless. */
  async #again(thrown: unknown): Promise<void> {
    const error = ApiError.from(thrown);
    this.#tries += 1;
    // After a lost answer the server is further than this side believes: it is asked, and the rest is sent.
    const mayHelp = error.retry || error.code === 'conflict';
    if (this.#signal.aborted || !mayHelp || this.#tries >= tries_max) throw error;
    await this.#environment.wait(Math.max(this.#backoff.next(), error.retryAfterMs ?? 0), this.#signal);
    if (this.#signal.aborted) throw error;
  }

  async #ask(
    method: UploadRequest['method'],
    path: string,
    headers: Record<string, string>,
    body: Blob | string | null,
    onSent: (bytes: number) => void = () => undefined,
    signal: AbortSignal = this.#signal,
  ): Promise<UploadResponse> {
    const token = this.#options.token ?? null;
    const url = (this.#options.baseUrl ?? '').replace(/\/+$/, '') + path;
    const credentials = token === null;
    const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
    const all = { ...headers, ...authorization };
    const answer = await this.#environment.request({
      method,
      url,
      headers: all,
      body,
      credentials,
      signal,
      onSent,
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw refusal(answer);
  }
}

function refusal(answer: UploadResponse): ApiError {
  const seconds = Number(answer.header('Retry-After') ?? NaN);
  const after = Number.isFinite(seconds) ? seconds * 1000 : null;
  try {
    const body = JSON.parse(answer.text) as { error?: components['schemas']['RefusedBecause'] };
    if (typeof body.error?.code === 'string') return ApiError.fromBody(body.error, answer.status, after);
  } catch {
    // An answer without a body, or a proxy's own page; the error below says so.
  }
  const gone = answer.status === 404 || answer.status === 401 || answer.status === 403;
  return ApiError.local('not_encke', `The server answered ${answer.status}.`, !gone, answer.status);
}

/** The browser's part, on `XMLHttpRequest`. */
export function browserUploads(): UploadEnvironment {
  return {
    random: () => Math.random(),
    wait: (ms, signal) =>
      new Promise((done) => {
        const timer = setTimeout(done, ms);
        const stop = () => {
          clearTimeout(timer);
          done();
        };
        signal.addEventListener('abort', stop, { once: true });
      }),
    request: (request) => new Promise((done, failed) => send(request, done, failed)),
  };
}

function send(
  request: UploadRequest,
  done: (response: UploadResponse) => void,
  failed: (why: Error) => void,
): void {
  const xhr = new XMLHttpRequest();
  const abort = () => xhr.abort();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(abort, silence_ms_max);
  };
  const end = () => {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', abort);
  };
  xhr.upload.onprogress = (event) => {
    alive();
    request.onSent(event.loaded);
  };
  xhr.onload = () => {
    end();
    done({ status: xhr.status, header: (name) => xhr.getResponseHeader(name), text: xhr.responseText });
  };
  const broke = () => {
    end();
    failed(new Error('the connection broke off'));
  };
  xhr.onerror = broke;
  xhr.onabort = broke;
  xhr.open(request.method, request.url);
  xhr.withCredentials = request.credentials;
  for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
  request.signal.addEventListener('abort', abort);
  alive();
  if (request.signal.aborted) abort();
  else xhr.send(request.body);
}
