/** The site of examples/site with each of its pages, built with the packages as npm gives them away. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { freshBrowser } from '../support/browser.mjs';
import { Member, password } from '../support/member.mjs';
import { Server } from '../support/server.mjs';
import { becomes } from '../support/wait.mjs';

const run = promisify(execFile);
const web = fileURLToPath(new URL('../../', import.meta.url));
const examples = fileURLToPath(new URL('../../../examples/site/', import.meta.url));
/** Where the site and the packages lie for these tests. */
let place = '';

before(async () => {
  place = await mkdtemp(join(tmpdir(), 'encke-site-'));
  await cp(examples, place, { recursive: true });
  const packed = join(place, 'packages');
  await run(process.execPath, [join(web, 'scripts/npm-packages.mjs'), packed]);
  await mkdir(join(place, 'node_modules/@encke'), { recursive: true });
  for (const name of ['sdk', 'components', 'react', 'vue']) {
    const into = join(place, 'node_modules/@encke', name);
    await mkdir(into);
    await run('tar', ['xzf', join(packed, `encke-${name}-0.1.0.tgz`), '--strip-components=1', '-C', into]);
  }
  for (const name of ['react', 'react-dom', 'vue', 'jquery'])
    await symlink(join(web, 'node_modules', name), join(place, 'node_modules', name));
  await mkdir(join(place, 'jquery/node_modules'));
  await symlink(join(web, 'node_modules/jquery'), join(place, 'jquery/node_modules/jquery'));
});
after(() => rm(place, { recursive: true, force: true }));

test('the packages hold what a reader needs and nothing of ours', async () => {
  /** @type {Record<string, string[]>} */
  const held = {};
  for (const name of ['sdk', 'components', 'react', 'vue']) {
    const folder = join(place, 'node_modules/@encke', name);
    const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    held[name] = files.filter((file) => !/^(LICENSE(-\w+)?|README\.md|package\.json)$/.test(file)).sort();
    for (const needed of ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json'])
      assert.ok(files.includes(needed), `${name} has no ${needed}`);
    const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    assert.equal(about.license, 'MIT OR Apache-2.0');
    assert.equal(about.type, 'module');
    for (const ours of ['scripts', 'devDependencies', 'private'])
      assert.ok(!(ours in about), `${name}: ${ours}`);
    for (const entry of Object.values(about.exports))
      for (const path of Object.values(/** @type {Record<string, string>} */ (entry)))
        assert.ok(files.includes(path.slice('./'.length)), `${name} exports ${path}`);
  }
  assert.deepEqual(held['components'], ['dist/components.js', 'index.d.ts']);
  assert.deepEqual(held['react'], ['index.d.ts', 'index.js']);
  assert.deepEqual(held['vue'], ['index.d.ts', 'index.js']);
  for (const file of held['sdk'] ?? []) assert.match(file, /^dist\/(transports\/)?[\w-]+\.(js|d\.ts)$/);
});

test('the client is small', async () => {
  for (const [entry, bytes_max] of /** @type {[string, number][]} */ ([
    ['@encke/sdk/lean', 13.5 * 1024],
    ['@encke/sdk', 15 * 1024],
  ])) {
    const built = await build({
      root: place,
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        target: 'es2022',
        lib: { entry: 'entry', formats: ['es'] },
        rolldownOptions: { output: { minify: true } },
      },
      plugins: [
        {
          name: 'entry',
          enforce: 'pre',
          resolveId: (id) => (id.endsWith('entry') ? `${place}/entry.js` : null),
          load: (id) => (id.endsWith('/entry.js') ? `export * from '${entry}';` : null),
        },
      ],
    });
    const [{ output }] = /** @type {any} */ (built);
    const bytes = gzipSync(output[0].code, { level: 9 }).length;
    assert.ok(bytes > 8 * 1024 && bytes <= bytes_max, `${entry} has ${bytes} bytes under gzip`);
  }
});

test('the guide shows the back end as it runs here', async () => {
  const guide = await readFile(join(web, '../docs/guide/components.md'), 'utf8');
  const [, ...lines] = (await readFile(join(examples, 'encke-token.mjs'), 'utf8')).split('\n');
  assert.ok(guide.includes(lines.join('\n')));
});

test('their types are whole', async () => {
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext', '--jsx', 'react-jsx'];
  const roots = ['--typeRoots', join(web, 'node_modules/@types'), '--types', 'react'];
  const more = [
    '--moduleResolution',
    'bundler',
    '--skipLibCheck',
    'false',
    '--lib',
    'es2022,dom,dom.iterable',
  ];
  const paths = join(place, 'tsconfig.json');
  await writeFile(
    paths,
    JSON.stringify({
      compilerOptions: {
        paths: {
          react: [join(web, 'node_modules/@types/react')],
          'react/*': [join(web, 'node_modules/@types/react/*')],
        },
      },
      files: ['types.tsx'],
    }),
  );
  await run(join(web, 'node_modules/.bin/tsc'), ['-p', paths, ...options, ...more, ...roots], {
    cwd: place,
  }).catch(({ stdout }) => assert.fail(stdout));
});

test('each page is a conversation of whoever is signed in at the site', async (t) => {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const server = await Server.start(t, '--allowed-origins', origin);
  const anna = await Member.owner(server.url, 'anna', 'Anna');
  const mei = await anna.adds('mei', 'Mei');
  const env = {
    ...process.env,
    ENCKE_URL: server.url,
    ENCKE_NAME: 'anna',
    ENCKE_PASSWORD: password,
    USERS: JSON.stringify({ mei: mei.id }),
    PORT: String(port),
  };
  for (const [name, page, folder] of [
    ['html', 'index.html', 'html'],
    ['jquery', 'index.html', 'jquery'],
    ['react', 'main.jsx', 'react/dist'],
    ['vue', 'main.js', 'vue/dist'],
  ])
    await t.test(`${name}`, async (t) => {
      const room = await anna.room(`Order in ${name}`, [mei]);
      await anna.say(room, `Hello from ${name}`);
      const files = name === 'jquery' ? [page, 'page.js'] : [page];
      for (const each of files) {
        const file = join(place, String(name), String(each));
        const text = await readFile(file, 'utf8');
        await writeFile(file, text.replaceAll('http://localhost:8080', server.url).replace(/\bc1\b/g, room));
      }
      if (folder !== name)
        await run(join(web, 'node_modules/.bin/vite'), ['build'], { cwd: join(place, String(name)) });
      const child = spawn(process.execPath, ['server.mjs', String(folder)], {
        cwd: place,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      t.after(async () => {
        child.kill();
        await ended;
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));

      const browser = await (await freshBrowser(t)).newPage();
      await browser.goto(origin);
      if (name === 'jquery') await browser.getByRole('button', { name: 'Ask about' }).click();
      if (name === 'html' || name === 'jquery')
        await browser.getByText(name === 'html' ? 'You are signed out.' : 'could not sign you in').waitFor();
      await browser.goto(`${origin}/sign-in?user=mei`);
      if (name === 'jquery') await browser.getByRole('button', { name: 'Ask about' }).click();
      await browser.getByText(`Hello from ${name}`, { exact: true }).waitFor();
      if (name !== 'html') await browser.getByText('0 unread').waitFor();
      const write = browser.getByRole('textbox', { name: 'Write a message' });
      await write.fill('It works');
      await write.press('Enter');
      await becomes('what was said', () => anna.said(room), [`Hello from ${name}`, 'It works']);
      if (folder === name) return;
      // An element that is taken away and comes again shows the same.
      await browser.getByRole('button', { name: 'Hide' }).click();
      await becomes('the sessions', () => server.sessions(), {});
      await browser.getByRole('button', { name: 'Show' }).click();
      await browser.getByText('It works', { exact: true }).waitFor();
    });
});

/** A port that nobody has. The server has to know the site's origin before the site knows the server. */
async function freePort() {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
