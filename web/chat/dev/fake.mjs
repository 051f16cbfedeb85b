/*
 * A fake Encke for looking at the screens without a server: the HTTP API, WebSocket, SSE, NDJSON and polls over a log in
 * memory, filled with sample data. For development only; it checks nothing and promises nothing.
 *
 *   node dev/fake.mjs [port]        then: ENCKE_SERVER=http://127.0.0.1:PORT npm run dev
 *   EMPTY=1: nobody is here yet. Sign in as mei, lin, ada … with any password; "wrong" is refused.
 *   A message that contains "fail" is refused; one to Lin is answered. Serves dist/ too, with the server's security policy.
 */
import { createHash } from 'node:crypto';
import { readFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, dirname, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const port = Number(process.argv[2] ?? 8080);
const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; frame-src 'self'; frame-ancestors 'none'";

const people = new Map();
const conversations = new Map();
const log = [];
const heads = new Map();
const listeners = new Set();
const sessions = new Map();
let settings = { guests: true, site_name: 'Encke' };
let nextPerson = 1;
let nextConversation = 1;

const append = (stream, kind, from, body, at = Date.now(), key) => {
  const seq = (heads.get(stream) ?? 0) + 1;
  heads.set(stream, seq);
  const event = {
    type: 'event',
    cursor: `fake.${log.length + 1}`,
    stream,
    seq,
    at,
    kind,
    ...(from ? { from } : {}),
    ...(key ? { key } : {}),
    body,
  };
  log.push(event);
  for (const listener of listeners) listener(event);
  return event;
};
const signal = (kind, stream, from, body) => {
  for (const listener of listeners) listener({ type: 'signal', kind, stream, from, body });
};
const addPerson = (name, display_name, role = 'member', presence = 'offline') => {
  const person = { id: `p${nextPerson++}`, name, display_name, role, presence };
  people.set(person.id, person);
  return person;
};
const eventsOf = (id) => log.filter((event) => event.stream === id);
const shown = (id, me) => {
  const c = conversations.get(id);
  const mine = c.members.find((member) => member.person === me);
  const events = eventsOf(id);
  const sent = events.findLast((event) => event.kind === 'message' && event.from === me)?.seq ?? 0;
  const head = heads.get(id) ?? 0;
  return {
    id,
    kind: c.kind,
    title: c.title,
    open: c.open,
    role: mine?.role ?? 'member',
    members: c.members.map(({ person, role, delivered, read }) => ({ person, role, delivered, read })),
    joined_seq: mine?.joined ?? 1,
    head_seq: head,
    read_seq: mine?.read ?? 0,
    unread: Math.max(0, head - Math.max(mine?.read ?? 0, mine?.joined ?? 1, sent)),
    receipts_seq: heads.get(id.replace('c', 'r')) ?? 0,
    last: events.at(-1) ?? null,
  };
};
const create = (kind, title, persons, open = false, at = Date.now()) => {
  const id = `c${nextConversation++}`;
  const members = persons.map((person, index) => ({
    person,
    role: kind === 'direct' || index === 0 ? (kind === 'room' ? 'owner' : 'member') : 'member',
    delivered: 0,
    read: 0,
    joined: 1,
  }));
  conversations.set(id, { id, kind, title, open, members });
  append(id, 'created', persons[0], { kind, title, open }, at);
  for (const person of persons) tell(person, id, at);
  return id;
};
const tell = (person, id, at) =>
  append(
    person,
    'conversation_added',
    undefined,
    {
      conversation: shown(id, person),
      people: conversations.get(id).members.map((m) => people.get(m.person)),
    },
    at,
  );
const say = (id, from, text, at = Date.now(), key) => append(id, 'message', from, { text }, at, key);
const mark = (id, person, seq, what = 'read') => {
  const member = conversations.get(id)?.members.find((one) => one.person === person);
  if (!member || member[what] >= seq) return;
  member[what] = seq;
  member.delivered = Math.max(member.delivered, seq);
  append(id.replace('c', 'r'), 'receipts', undefined, {
    conversation: id,
    marks: [{ person, delivered: member.delivered, read: member.read }],
  });
};

if (!process.env.EMPTY) seed();

function seed() {
  const [mei, lin, ada, wang, sofia, kenji, bot] = [
    addPerson('mei', 'Mei Tanaka', 'owner', 'online'),
    addPerson('lin', '林晓雨', 'member', 'online'),
    addPerson('ada', 'Ada Brown', 'member', 'away'),
    addPerson('wang', '王建国'),
    addPerson('sofia', 'Sofia Rossi', 'member', 'online'),
    addPerson('kenji', 'Kenji Mori'),
    addPerson('deploy', 'Deploy Bot', 'bot', 'online'),
  ].map((person) => person.id);
  for (const [name, display] of [
    ['zhang', '张伟'],
    ['omar', 'Omar Haddad'],
    ['ines', 'Inês Carvalho'],
  ])
    addPerson(name, display);
  const minute = 60_000,
    hour = 60 * minute,
    day = 24 * hour,
    now = Date.now();
  const old = create('direct', null, [mei, wang], false, now - 40 * day);
  say(old, wang, '合同已经寄出，请查收。', now - 12 * day);
  say(old, mei, '收到，谢谢！', now - 12 * day + 5 * minute);
  const lunch = create('room', '午餐小分队 🍜', [lin, mei, wang], false, now - 30 * day);
  say(lunch, wang, '今天吃什么？', now - 2 * day);
  say(lunch, lin, '楼下新开的面馆，十二点门口见', now - 2 * day + minute);
  const kenjis = create('direct', null, [kenji, mei], false, now - 20 * day);
  say(kenjis, kenji, 'The slides are at https://example.org/talks/encke-2026.pdf (12 MB).', now - 1 * day);
  const design = create('room', 'Orbit design', [mei, lin, ada, sofia], false, now - 9 * day);
  append(design, 'member_joined', mei, { person: people.get(kenji), role: 'member', by: mei }, now - 8 * day);
  conversations.get(design).members.push({ person: kenji, role: 'member', delivered: 0, read: 0, joined: 2 });
  for (let index = 0; index < 180; index += 1) {
    const from = [mei, lin, ada, sofia][(index * 7 + (index >> 2)) % 4];
    const texts = [
      'The list reads better with one line of preview.',
      '我觉得时间放在右边更清楚。',
      'Agreed.',
      'What about long titles? They should end in an ellipsis, never wrap.',
      '可以，先这样。',
      'I pushed the new spacing; look at it on a phone too, the header was two pixels too tall there and the composer jumped when the keyboard opened.',
      'Nice!',
      '好的 👍',
    ];
    say(design, from, texts[(index * 5 + 3) % texts.length], now - 7 * day + index * 47 * minute);
  }
  append(design, 'changed', ada, { title: 'Orbit design', by: ada }, now - 20 * hour);
  say(design, mei, 'Morning! The dark theme is ready for review.', now - 3 * hour);
  say(design, mei, 'Contrast is AA everywhere, I checked each pair.', now - 3 * hour + minute);
  mark(design, lin, heads.get(design));
  mark(design, sofia, heads.get(design));
  mark(design, ada, heads.get(design), 'delivered');
  mark(design, kenji, heads.get(design), 'delivered');
  mark(design, mei, heads.get(design));
  say(design, sofia, 'Looks calm. I would keep the accent for unread and links only.', now - 40 * minute);
  say(design, sofia, '🎉', now - 39 * minute);
  say(design, lin, '同意，颜色越少越好。链接在这里：https://example.org/orbit。', now - 30 * minute);
  const lins = create('direct', null, [mei, lin], false, now - 15 * day);
  say(lins, mei, '晓雨，明天的演示你来讲可以吗？', now - 26 * hour);
  say(lins, lin, '可以呀！我今晚把流程再过一遍。', now - 26 * hour + 4 * minute);
  say(
    lins,
    lin,
    '顺便问一下，断线重连那一页要不要演示切换传输方式？\n我觉得效果会很好：先用 WebSocket，然后切到长轮询，消息一条不丢。',
    now - 26 * hour + 6 * minute,
  );
  say(lins, mei, '要的，就按你说的来。', now - 50 * minute);
  say(lins, lin, '好的，那我准备两台机器。', now - 20 * minute);
  say(lins, mei, '太好了 🚀', now - 19 * minute);
  mark(lins, mei, heads.get(lins));
  mark(lins, lin, heads.get(lins));
  const adas = create('direct', null, [ada, mei], false, now - 3 * day);
  say(adas, ada, 'Can you look at the numbers before lunch?', now - 12 * minute);
  say(adas, ada, 'No hurry, the report is due tomorrow.', now - 11 * minute);
  const ops = create('room', 'Operations', [ada, bot, mei], true, now - 60 * day);
  say(ops, bot, 'Release 0.1.0 is live on all nodes. 0 events lost, 0 twice.', now - 5 * minute);
  for (const c of [old, lunch, kenjis]) mark(c, mei, heads.get(c));
  mark(old, wang, heads.get(old));
  create('room', 'Announcements', [ada, sofia], true, now - 60 * day);
  create('room', '读书会', [lin, wang], true, now - 60 * day);
}

const sees = (event, me) => {
  if (event.type === 'signal')
    return (
      event.kind === 'presence' ||
      (event.from !== me && conversations.get(event.stream)?.members.some((m) => m.person === me))
    );
  if (event.stream.startsWith('p')) return event.stream === me;
  return conversations.get(event.stream.replace('r', 'c'))?.members.some((m) => m.person === me) === true;
};
const feed = (from, me) => log.slice(from).filter((event) => sees(event, me));
const position = (cursor) => (cursor ? Number(cursor.split('.')[1]) : log.length);
const asMe = (me) => ({ ...people.get(me), site_name: settings.site_name });
const refuse = (code, status, message = code) => Object.assign(new Error(message), { code, status });

function send(me, id, text, key) {
  if (text.includes('fail')) throw refuse('forbidden', 403);
  const known = log.find((event) => event.key === key && event.from === me && event.stream === id);
  const event = known ?? say(id, me, text, Date.now(), key);
  const c = conversations.get(id);
  setTimeout(
    () => c.members.filter((m) => m.person !== me).forEach((m) => mark(id, m.person, event.seq, 'delivered')),
    600,
  );
  const lin = c.members.find((m) => m.person === 'p2');
  if (lin && me !== 'p2' && !known) {
    setTimeout(() => (mark(id, 'p2', event.seq), signal('typing', id, 'p2', { on: true })), 1500);
    setTimeout(() => say(id, 'p2', `收到：${text.slice(0, 40)}`), 4000);
  }
  return { seq: event.seq, cursor: event.cursor, at: event.at };
}
function typing(me, id, on) {
  signal('typing', id, me, { on });
}

const routes = [
  ['GET', /^\/v1\/setup$/, () => ({ needed: people.size === 0, ...settings }), true],
  [
    'POST',
    /^\/v1\/setup$/,
    ({ body }, sign) => {
      if (!body.setup_code) throw refuse('wrong_setup_code', 403);
      return sign(addPerson(body.name, body.display_name ?? body.name, 'owner', 'online'));
    },
    true,
  ],
  [
    'POST',
    /^\/v1\/sign-in$/,
    ({ body }, sign) => {
      const person = [...people.values()].find((one) => one.name === body.name.toLowerCase());
      if (!person || body.password === 'wrong') throw refuse('wrong_password', 401);
      return sign(person);
    },
    true,
  ],
  [
    'POST',
    /^\/v1\/guest$/,
    ({ body }, sign) => sign(addPerson(null, body.display_name, 'guest', 'online')),
    true,
  ],
  ['POST', /^\/v1\/sign-out$/, ({ token }) => void sessions.delete(token)],
  ['GET', /^\/v1\/me$/, ({ me }) => asMe(me)],
  [
    'POST',
    /^\/v1\/password$/,
    ({ body }) => {
      if (body.old === 'wrong') throw refuse('wrong_password', 401);
    },
  ],
  [
    'GET',
    /^\/v1\/people$/,
    ({ query }) => ({
      people: [...people.values()]
        .filter((p) =>
          `${p.name} ${p.display_name}`.toLowerCase().includes((query.get('q') ?? '').toLowerCase()),
        )
        .slice(0, Number(query.get('limit') ?? 20)),
    }),
  ],
  [
    'POST',
    /^\/v1\/people$/,
    ({ body }) => {
      if ([...people.values()].some((p) => p.name === body.name)) throw refuse('name_taken', 409);
      return addPerson(body.name, body.display_name ?? body.name);
    },
  ],
  ['DELETE', /^\/v1\/people\/(\w+)$/, ({ part }) => void people.delete(part[0])],
  ['GET', /^\/v1\/settings$/, () => settings],
  ['PATCH', /^\/v1\/settings$/, ({ body }) => (settings = { ...settings, ...body })],
  [
    'GET',
    /^\/v1\/snapshot$/,
    ({ me }) => {
      const mine = [...conversations.values()].filter((c) => c.members.some((m) => m.person === me));
      const ids = new Set(mine.flatMap((c) => c.members.map((m) => m.person)));
      return {
        cursor: `fake.${log.length}`,
        me: asMe(me),
        people: [...ids].map((id) => people.get(id)).filter(Boolean),
        conversations: mine.map((c) => shown(c.id, me)),
      };
    },
  ],
  [
    'POST',
    /^\/v1\/conversations$/,
    ({ me, body }) => {
      if (body.kind === 'direct') {
        const there = [...conversations.values()].find(
          (c) => c.kind === 'direct' && c.members.every((m) => [me, body.person].includes(m.person)),
        );
        return shown(there?.id ?? create('direct', null, [me, body.person]), me);
      }
      return shown(create('room', body.title, [me, ...body.members], body.open), me);
    },
  ],
  ['GET', /^\/v1\/conversations\/(\w+)$/, ({ me, part }) => shown(part[0], me)],
  [
    'PATCH',
    /^\/v1\/conversations\/(\w+)$/,
    ({ me, part, body }) => {
      Object.assign(conversations.get(part[0]), body);
      append(part[0], 'changed', me, { ...body, by: me });
      return shown(part[0], me);
    },
  ],
  [
    'GET',
    /^\/v1\/rooms$/,
    ({ me }) => ({
      rooms: [...conversations.values()]
        .filter((c) => c.open)
        .map((c) => ({
          id: c.id,
          title: c.title,
          members: c.members.length,
          joined: c.members.some((m) => m.person === me),
        })),
    }),
  ],
  [
    'POST',
    /^\/v1\/conversations\/(\w+)\/join$/,
    ({ me, part }) => (enter(part[0], me, me), shown(part[0], me)),
  ],
  ['POST', /^\/v1\/conversations\/(\w+)\/members$/, ({ me, part, body }) => enter(part[0], body.person, me)],
  [
    'PATCH',
    /^\/v1\/conversations\/(\w+)\/members\/(\w+)$/,
    ({ me, part, body }) => {
      conversations.get(part[0]).members.find((m) => m.person === part[1]).role = body.role;
      append(part[0], 'role_changed', me, { person: part[1], role: body.role, by: me });
    },
  ],
  [
    'DELETE',
    /^\/v1\/conversations\/(\w+)\/members\/(\w+)$/,
    ({ me, part }) => {
      const c = conversations.get(part[0]);
      append(part[0], 'member_left', me, { person: part[1], by: me });
      c.members = c.members.filter((m) => m.person !== part[1]);
      append(part[1], 'conversation_removed', undefined, { conversation: part[0] });
    },
  ],
  [
    'POST',
    /^\/v1\/conversations\/(\w+)\/messages$/,
    ({ me, part, body, key }) => send(me, part[0], body.text, key ?? body.key),
  ],
  [
    'GET',
    /^\/v1\/conversations\/(\w+)\/events$/,
    ({ part, query }) => {
      const limit = Number(query.get('limit') ?? 50),
        before = Number(query.get('before') ?? Infinity),
        after = query.get('after');
      const all = eventsOf(part[0]).filter((event) => event.seq < before && event.seq > Number(after ?? 0));
      const events = after === null ? all.slice(-limit) : all.slice(0, limit);
      return { events, people: [...people.values()], more: events.length < all.length };
    },
  ],
  [
    'POST',
    /^\/v1\/conversations\/(\w+)\/receipts$/,
    ({ me, part, body }) => mark(part[0], me, body.read ?? body.delivered, body.read ? 'read' : 'delivered'),
  ],
  ['POST', /^\/v1\/conversations\/(\w+)\/typing$/, ({ me, part, body }) => typing(me, part[0], body.on)],
  ['POST', /^\/v1\/acks$/, () => undefined],
  ['POST', /^\/v1\/presence$/, () => undefined],
];
function enter(id, person, by) {
  const c = conversations.get(id);
  const event = append(id, 'member_joined', by, { person: people.get(person), role: 'member', by });
  c.members.push({ person, role: 'member', delivered: 0, read: 0, joined: event.seq });
  tell(person, id);
}

const tokenOf = (request) => /encke_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://fake');
  const token = tokenOf(request);
  const me = sessions.get(token);
  if (process.env.SLOW) await new Promise((done) => setTimeout(done, Number(process.env.SLOW)));
  const answer = (status, body, headers = {}) => {
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      ...headers,
    });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
  if (!url.pathname.startsWith('/v1/')) return file(url.pathname, response);
  if (url.pathname === '/v1/feed')
    return me
      ? follow(request, response, url, me)
      : answer(401, { error: { code: 'not_signed_in', message: '', retry: false } });
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString() || '{}') : {};
  for (const [method, path, run, anybody] of routes) {
    const match = path.exec(url.pathname);
    if (method !== request.method || !match) continue;
    try {
      if (!me && !anybody) throw refuse('not_signed_in', 401);
      let headers = {};
      const sign = (person) => {
        const fresh = Math.random().toString(36).slice(2);
        sessions.set(fresh, person.id);
        headers = { 'Set-Cookie': `encke_session=${fresh}; Path=/; HttpOnly` };
        return asMe(person.id);
      };
      const result = run(
        {
          me,
          body,
          query: url.searchParams,
          part: match.slice(1),
          key: request.headers['idempotency-key'],
          token,
        },
        sign,
      );
      return answer(result === undefined ? 204 : 200, result, headers);
    } catch (error) {
      if (!error.status) console.error(error);
      return answer(error.status ?? 500, {
        error: { code: error.code ?? 'internal', message: error.message, retry: false },
      });
    }
  }
  answer(404, { error: { code: 'not_found', message: 'not found', retry: false } });
});

function follow(request, response, url, me) {
  const live = url.searchParams.get('live') ?? (request.headers.accept === 'text/event-stream' ? 'sse' : '');
  const cursor = request.headers['last-event-id'] ?? url.searchParams.get('cursor');
  let at = position(cursor);
  const poll = () => {
    const events = feed(at, me);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ events, cursor: `fake.${log.length}`, more: false }));
  };
  if (live === 'long-poll') {
    if (feed(at, me).length > 0) return poll();
    const done = () => (listeners.delete(wake), clearTimeout(timer), poll());
    const wake = (item) => item.type === 'event' && sees(item, me) && done();
    const timer = setTimeout(done, Number(url.searchParams.get('wait') ?? 25) * 1000);
    listeners.add(wake);
    return request.on('close', () => (listeners.delete(wake), clearTimeout(timer)));
  }
  if (live !== 'sse' && live !== 'ndjson') return poll();
  response.writeHead(200, {
    'Content-Type': live === 'sse' ? 'text/event-stream' : 'application/x-ndjson',
    'Cache-Control': 'no-store',
  });
  const write = (item) =>
    response.write(
      live === 'sse'
        ? `${item.cursor ? `id: ${item.cursor}\n` : ''}data: ${JSON.stringify(item)}\n\n`
        : `${JSON.stringify(item)}\n`,
    );
  stream(write, at, me, (stop) => request.on('close', stop));
}
function stream(write, at, me, closing) {
  for (const event of feed(at, me)) write(event);
  write({ type: 'ready', cursor: `fake.${log.length}`, heartbeat_ms: 25000 });
  const listener = (item) => sees(item, me) && write(item);
  listeners.add(listener);
  closing(() => listeners.delete(listener));
}

server.on('upgrade', (request, socket) => {
  const url = new URL(request.url, 'http://fake');
  const me = sessions.get(tokenOf(request));
  if (!me || process.env.NO_WEBSOCKET) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const write = (item) => {
    const data = Buffer.from(JSON.stringify(item));
    const head =
      data.length < 126
        ? Buffer.from([0x81, data.length])
        : data.length < 65536
          ? Buffer.from([0x81, 126, data.length >> 8, data.length & 255])
          : Buffer.concat([
              Buffer.from([0x81, 127]),
              (() => {
                const b = Buffer.alloc(8);
                b.writeBigUInt64BE(BigInt(data.length));
                return b;
              })(),
            ]);
    if (socket.writable) socket.write(Buffer.concat([head, data]));
  };
  stream(write, position(url.searchParams.get('cursor')), me, (stop) => socket.on('close', stop));
  socket.on('error', () => undefined);
  let buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 6) {
      let length = buffer[1] & 127,
        start = 2;
      if (length === 126) {
        length = buffer.readUInt16BE(2);
        start = 4;
      }
      if (buffer.length < start + 4 + length) return;
      const mask = buffer.subarray(start, start + 4);
      const data = buffer
        .subarray(start + 4, start + 4 + length)
        .map((byte, index) => byte ^ mask[index % 4]);
      const opcode = buffer[0] & 15;
      buffer = buffer.subarray(start + 4 + length);
      if (opcode === 8) return socket.end(Buffer.from([0x88, 0]));
      if (opcode !== 1) continue;
      const command = JSON.parse(Buffer.from(data).toString());
      try {
        if (command.type === 'send')
          write({
            type: 'ok',
            id: command.id,
            result: send(me, command.conversation, command.text, command.key),
          });
        if (command.type === 'ping') write({ type: 'ok', id: command.id, result: {} });
        if (command.type === 'read') mark(command.conversation, me, command.seq);
        if (command.type === 'typing') typing(me, command.conversation, command.on);
      } catch (error) {
        write({
          type: 'error',
          id: command.id,
          error: { code: error.code, message: error.message, retry: false },
        });
      }
    }
  });
});

function file(path, response) {
  const name = join(dist, normalize(path === '/' ? '/index.html' : path));
  if (!name.startsWith(dist) || !existsSync(name)) return response.writeHead(404).end();
  const types = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
  };
  response.writeHead(200, {
    'Content-Type': types[extname(name)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy,
  });
  response.end(readFileSync(name));
}

server.listen(port, '127.0.0.1', () => console.log(`fake encke at http://127.0.0.1:${port}`));
