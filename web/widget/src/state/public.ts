/* What is asked without a token: the door, the help, and to become a visitor. No cookie goes along: whoever is signed in here is not the visitor. */
import { ApiError } from '@encke/sdk';
import { LeanClient } from '@encke/sdk/lean';
import type { Door } from '../model/door';

const wait_ms_max = 20_000;

export interface NewVisitor {
  readonly token: string;
}

/** The address of something of a desk. */
export function at(desk: string, rest: string): string {
  return `/v1/desks/${encodeURIComponent(desk)}/${rest}`;
}

export function door(desk: string): Promise<Door> {
  return ask('GET', at(desk, 'door'));
}

export function becomeVisitor(
  desk: string,
  visitor: { name: string | undefined; language: string; identity: string | undefined },
): Promise<NewVisitor> {
  return ask('POST', at(desk, 'visitors'), visitor);
}

export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  let status = 0;
  try {
    const response = await fetch(path, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(wait_ms_max),
      headers: { 'Content-Type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
    });
    status = response.status;
    const answer = (await response.json()) as T & { error?: Parameters<typeof ApiError.fromBody>[0] };
    if (response.ok) return answer;
    if (typeof answer.error?.code === 'string') throw ApiError.fromBody(answer.error, status);
  } catch (thrown) {
    if (thrown instanceof ApiError) throw thrown;
    if (status === 0) throw ApiError.from(thrown);
  }
  throw ApiError.local('not_encke', String(status), true, status);
}

/** The client of a visitor. No frame is among its transports: the frame's page may not be framed by a site's. */
export function clientOf(token: string): LeanClient {
  return new LeanClient({ token, transports: ['websocket', 'sse', 'ndjson', 'long-poll', 'short-poll'] });
}
