/** nginx in front of the server, set up as docs/guide/classic.md says, with the pages of `classic/` as the site. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './wait.mjs';

const guide = fileURLToPath(new URL('../../../docs/guide/classic.md', import.meta.url));
const pages = fileURLToPath(new URL('../classic/', import.meta.url));
const jquery = fileURLToPath(import.meta.resolve('jquery/dist/jquery.js'));

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/** The configuration of the guide, with this machine's places in it. @param {string} server @param {number} port */
async function configuration(server, port) {
  const [, block] = /```nginx\n([^]*?)```/.exec(await readFile(guide, 'utf8')) ?? [];
  assert.ok(block, 'The guide has a configuration.');
  const places = [
    ['127.0.0.1:8080', new URL(server).host],
    ['listen 80;', `listen 127.0.0.1:${port}; location = /jquery.js { alias ${jquery}; }`],
    ['root /var/www/site;', `root ${pages};`],
  ];
  return places.reduce((text, [from = '', to = '']) => {
    assert.ok(text.includes(from), `The guide says ${from}`);
    return text.replace(from, to);
  }, block);
}

/**
 * Its address.
 * @param {import('node:test').TestContext} t
 * @param {string} server
 */
export async function classicSite(t, server) {
  const folder = await mkdtemp(join(tmpdir(), 'encke-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const text = `${user} worker_processes 1; pid ${folder}/pid; error_log stderr; daemon off;
    events { worker_connections 256; }
    http { access_log off; ${temporary} types { text/html html; text/javascript js; }
      ${await configuration(server, port)} }`;
  await writeFile(join(folder, 'nginx.conf'), text);
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'pipe',
    // Where Debian has it, and not everybody looks.
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    'nginx answers',
    async () => {
      assert.equal(child.exitCode, null, log);
      return (await fetch(`${url}/jquery.js`)).ok;
    },
    10_000,
  );
  return url;
}
