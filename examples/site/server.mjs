// A small site: node server.mjs FOLDER. It has a sign-in of its own, serves the folder, and hands out tokens to whoever is signed in.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { extname, join, normalize } from 'node:path';
import { enckeToken } from './encke-token.mjs';

const { ENCKE_URL = 'http://localhost:8080', PORT = '4000' } = process.env;
const folder = process.argv[2] ?? 'html';
// The site's own users, and the id that each has at Encke. A real site keeps that beside the user.
const users = new Map(Object.entries(JSON.parse(process.env.USERS ?? '{"mei":"p2"}')));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

// As strict as a page can be. jQuery 3 writes HTML by itself, so its page goes without Trusted Types; `vue` is the policy of Vue.
const policy = [
  "default-src 'none'",
  `script-src 'self' ${ENCKE_URL}`,
  `connect-src 'self' ${ENCKE_URL} ${ENCKE_URL.replace('http', 'ws')}`,
  "style-src 'self'",
  'img-src blob: data:',
  ...(folder.includes('jquery') ? [] : ["require-trusted-types-for 'script'", 'trusted-types vue']),
].join('; ');

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://site');
  const user = /(?:^|; )user=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  if (pathname === '/sign-in') {
    // A real site asks for a password here.
    const cookie = `user=${searchParams.get('user')}; HttpOnly; SameSite=Lax; Path=/`;
    return response.writeHead(303, { 'set-cookie': cookie, location: '/' }).end();
  }
  if (pathname === '/encke-token') {
    if (!users.has(user)) return response.writeHead(401).end();
    const token = JSON.stringify(await enckeToken(users.get(user)));
    return response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(token);
  }
  const path = normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  const text = await readFile(join(folder, path)).catch(() => null);
  if (text === null) return response.writeHead(404).end();
  const type = types[extname(path)] ?? 'application/octet-stream';
  return response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(text);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.writeHead(502).end();
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${server.address().port}`));
