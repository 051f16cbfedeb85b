import { describe, expect, it } from 'vitest';

import { ApiError } from '../src/errors.js';
import {
  tries_max,
  upload,
  type UploadEnvironment,
  type UploadRequest,
  type UploadResponse,
} from '../src/upload.js';

const pieceBytes = 4000;
const file = { id: 'f1', name: 'a.bin', bytes: 0, type: 'application/octet-stream' };

/** A server that keeps one file, and whose answers a test may lose or replace. */
class FakeServer implements UploadEnvironment {
  readonly asked: string[] = [];
  readonly waits: number[] = [];
  stored = '';
  bytes = 0;
  deleted = false;
  /** Looks at a request before it is done; what it returns is the answer instead. */
  before: (request: UploadRequest) => Promise<UploadResponse | null> = () => Promise.resolve(null);
  /** Looks at a request after it was done; throws to lose the answer. */
  after: (request: UploadRequest) => void = () => undefined;

  random = () => 0.5;

  wait(ms: number): Promise<void> {
    this.waits.push(ms);
    return Promise.resolve();
  }

  async request(request: UploadRequest): Promise<UploadResponse> {
    this.asked.push(`${request.method} ${request.headers['Upload-Offset'] ?? ''}`.trim());
    if (request.signal.aborted) throw new Error('aborted');
    const answer = (await this.before(request)) ?? (await this.#answer(request));
    this.after(request);
    return answer;
  }

  async #answer(request: UploadRequest): Promise<UploadResponse> {
    if (request.method === 'POST') {
      const body = JSON.parse(request.body as string) as { bytes: number; name: string };
      this.bytes = body.bytes;
      return answer(201, { id: 'f1', offset: 0, url: '/v1/files/f1' });
    }
    if (request.method === 'HEAD') return answer(200, null, { 'Upload-Offset': String(this.stored.length) });
    if (request.method === 'DELETE') {
      this.deleted = true;
      return answer(204, null);
    }
    if (Number(request.headers['Upload-Offset']) !== this.stored.length)
      return refused(409, 'conflict', false);
    const piece = await (request.body as Blob).text();
    request.onSent(piece.length);
    this.stored += piece;
    const offset = this.stored.length;
    return answer(200, offset === this.bytes ? { offset, file: { ...file, bytes: offset } } : { offset });
  }
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): UploadResponse {
  return { status, header: (name) => headers[name] ?? null, text: body === null ? '' : JSON.stringify(body) };
}

function refused(status: number, code: string, retry: boolean): UploadResponse {
  return answer(status, { error: { code, message: code, retry } });
}

function blob(bytes: number): Blob {
  return new Blob([
    Array.from({ length: bytes / 4 }, (_, at) => String(at % 10_000).padStart(4, '0')).join(''),
  ]);
}

describe('an upload', () => {
  it('sends a file in pieces and tells how far it is', async () => {
    const server = new FakeServer();
    const bytes = blob(2 * pieceBytes + 400);
    const told: number[] = [];
    const begun: string[] = [];
    const done = await upload(bytes, {
      name: 'a.bin',
      pieceBytes,
      environment: server,
      onBegun: (id) => begun.push(id),
      onProgress: (sent, of) => {
        expect(of).toBe(bytes.size);
        told.push(sent);
      },
    });
    expect(done).toEqual({ ...file, bytes: bytes.size });
    expect(server.stored).toBe(await bytes.text());
    expect(server.asked).toEqual(['POST', 'PATCH 0', `PATCH ${pieceBytes}`, `PATCH ${2 * pieceBytes}`]);
    expect(begun).toEqual(['f1']);
    expect([...told].sort((a, b) => a - b)).toEqual(told);
    expect(told.at(-1)).toBe(bytes.size);
  });

  it('asks how far it is after a break, and sends the rest', async () => {
    const server = new FakeServer();
    const bytes = blob(pieceBytes + 400);
    let broken = 0;
    server.before = async (request) => {
      if (request.method !== 'PATCH' || broken > 0) return null;
      broken += 1;
      // A part of the piece arrives.
      server.stored = (await bytes.text()).slice(0, 1000);
      throw new Error('the connection broke off');
    };
    await upload(bytes, { name: 'a.bin', environment: server });
    expect(server.asked).toEqual(['POST', 'PATCH 0', 'HEAD', 'PATCH 1000']);
    expect(server.stored).toBe(await bytes.text());
    expect(server.waits).toEqual([250]);
  });

  it('gets the file after the answer to the last piece was lost', async () => {
    const server = new FakeServer();
    let lost = false;
    server.after = (request) => {
      if (request.method !== 'PATCH' || lost) return;
      lost = true;
      throw new Error('the answer was lost');
    };
    const done = await upload(blob(400), { name: 'a.bin', environment: server });
    expect(done.bytes).toBe(400);
    expect(server.asked).toEqual(['POST', 'PATCH 0', 'HEAD', 'PATCH 400']);
  });

  it('goes on with an upload of an earlier page', async () => {
    const server = new FakeServer();
    const bytes = blob(2000);
    server.bytes = 2000;
    server.stored = (await bytes.text()).slice(0, 800);
    await upload(bytes, { name: 'a.bin', resume: 'f1', environment: server });
    expect(server.asked).toEqual(['HEAD', 'PATCH 800']);
    expect(server.stored).toBe(await bytes.text());
  });

  it('does not put other bytes behind those of a longer upload', async () => {
    const server = new FakeServer();
    server.stored = 'x'.repeat(4000);
    const done = upload(blob(400), { name: 'a.bin', resume: 'f1', environment: server });
    await expect(done).rejects.toMatchObject({ code: 'not_encke', retry: false });
    expect(server.asked).toEqual(['HEAD']);
  });

  it('is cancelled here and on the server', async () => {
    const server = new FakeServer();
    const stop = new AbortController();
    server.before = (request) => {
      if (request.method === 'PATCH') {
        stop.abort();
        return Promise.reject(new Error('aborted'));
      }
      return Promise.resolve(null);
    };
    const done = upload(blob(400), { name: 'a.bin', signal: stop.signal, environment: server });
    await expect(done).rejects.toMatchObject({ code: 'stopped' });
    expect(server.deleted).toBe(true);
    expect(server.waits).toEqual([]);
  });

  it('waits as long as the server asks, and goes on after what may pass', async () => {
    const server = new FakeServer();
    let refusals = 0;
    server.before = (request) => {
      if (request.method !== 'PATCH' || refusals++ > 0) return Promise.resolve(null);
      const body = { error: { code: 'overloaded', message: 'wait', retry: true, retry_after_ms: 9000 } };
      return Promise.resolve(answer(503, body));
    };
    await upload(blob(400), { name: 'a.bin', environment: server });
    expect(server.waits).toEqual([9000]);
  });

  it('fails at once with what does not pass, and after a while without progress', async () => {
    const full = new FakeServer();
    full.before = () => Promise.resolve(refused(409, 'no_room', false));
    const done = upload(blob(400), { name: 'a.bin', environment: full });
    await expect(done).rejects.toMatchObject({ code: 'no_room', status: 409 });
    expect(full.asked).toEqual(['POST']);

    const away = new FakeServer();
    away.before = () => Promise.reject(new Error('no route'));
    const lost = upload(blob(400), { name: 'a.bin', environment: away });
    await expect(lost).rejects.toBeInstanceOf(ApiError);
    expect(away.asked.length).toBe(tries_max);

    const deaf = new FakeServer();
    deaf.before = (request) =>
      Promise.resolve(request.method === 'PATCH' ? answer(200, { offset: 0 }) : null);
    const stuck = upload(blob(400), { name: 'a.bin', environment: deaf });
    await expect(stuck).rejects.toMatchObject({ code: 'network' });
    expect(deaf.asked.length).toBe(1 + tries_max);
  });

  it('shows the token or the cookie, never both', async () => {
    const seen: [string | undefined, boolean, string][] = [];
    for (const token of [null, 'secret']) {
      const server = new FakeServer();
      server.before = (request) => {
        seen.push([request.headers['Authorization'], request.credentials, request.url]);
        return Promise.resolve(null);
      };
      await upload(blob(400), {
        name: 'a.bin',
        token,
        baseUrl: 'https://chat.example/',
        environment: server,
      });
    }
    expect(seen).toEqual([
      [undefined, true, 'https://chat.example/v1/files'],
      [undefined, true, 'https://chat.example/v1/files/f1'],
      ['Bearer secret', false, 'https://chat.example/v1/files'],
      ['Bearer secret', false, 'https://chat.example/v1/files/f1'],
    ]);
  });
});
