/**
 * The calls that the client itself makes, and a conversation needs: what a page carries that has no list, no search and no settings.
 * `Api` has all the others.
 */
import type { Call, Http } from './http.js';
import type { HistoryPage, HistoryQuery, Me, SendOptions, Sent, Snapshot, Ticket } from './types.js';

export class LeanApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  me(): Promise<Me> {
    return this.call('GET', '/v1/me');
  }

  ticket(): Promise<Ticket> {
    return this.call('POST', '/v1/tickets', {});
  }

  snapshot(): Promise<Snapshot> {
    return this.call('GET', '/v1/snapshot');
  }

  /** One attempt; `EnckeClient.send` is what queues, persists and repeats. */
  sendMessage(id: string, text: string, key: string, options: SendOptions = {}): Promise<Sent> {
    const body = { text, ...fieldsOf(options) };
    return this.call('POST', `/v1/conversations/${part(id)}/messages`, body, { 'Idempotency-Key': key });
  }

  /** The newest page, or the one before or after a `seq`; oldest first. */
  history(id: string, query: HistoryQuery = {}): Promise<HistoryPage> {
    return this.call('GET', `/v1/conversations/${part(id)}/events${asQuery(query)}`);
  }

  receipts(id: string, marks: { delivered?: number; read?: number }): Promise<void> {
    return this.call('POST', `/v1/conversations/${part(id)}/receipts`, marks);
  }

  typing(id: string, on: boolean): Promise<void> {
    return this.call('POST', `/v1/conversations/${part(id)}/typing`, { on });
  }

  ack(cursor: string): Promise<void> {
    return this.call('POST', '/v1/acks', { cursor });
  }

  presence(state: 'online' | 'away', client?: string): Promise<void> {
    return this.call('POST', '/v1/presence', client === undefined ? { state } : { state, client });
  }

  /** Any other call: files that come later (`@encke/sdk/rooms`) make theirs by it. */
  call<T>(
    method: Call['method'],
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    return this.#http.json<T>({ method, path, body, headers });
  }
}

/** The given fields as the query of an address. */
export function asQuery(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** What a message has besides its text, as it travels. */
export function fieldsOf({ replyTo, files = [], clearDraft = false }: SendOptions): {
  reply_to?: number;
  files?: string[];
  clear_draft?: boolean;
} {
  return {
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(files.length === 0 ? {} : { files: [...files] }),
    ...(clearDraft ? { clear_draft: true } : {}),
  };
}

export function part(text: string): string {
  return encodeURIComponent(text);
}
