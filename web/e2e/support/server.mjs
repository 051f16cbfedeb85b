/** A server for one test: the real binary on a free port, with a data folder that is removed when the test ends. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const binary =
  process.env['ENCKE_BIN'] ?? fileURLToPath(new URL('../../../target/debug/encke', import.meta.url));
/** The token that may read the figures. */
const metrics_token = 'figures-of-this-test';
const start_ms_max = 20_000;
const stop_ms_max = 10_000;

/** The set-up codes that servers have printed, by URL. @type {Map<string, string>} */
export const setupCodes = new Map();

export class Server {
  url = '';
  /** The link that it printed for the first visit. */
  setupLink = '';
  /** @type {import('node:child_process').ChildProcess | null} */
  #process = null;
  #log = '';
  #setupCode = '';

  /**
   * @param {string} data
   * @param {string[]} args
   */
  constructor(data, args) {
    this.data = data;
    this.args = args;
  }

  /**
   * @param {import('node:test').TestContext} t
   * @param {string[]} args
   */
  static async start(t, ...args) {
    const server = new Server(await mkdtemp(join(tmpdir(), 'encke-e2e-')), args);
    t.after(async () => {
      await server.end('SIGTERM');
      await rm(server.data, { recursive: true, force: true });
    });
    await server.#run('127.0.0.1:0');
    return server;
  }

  /** On the address that it had. */
  async again() {
    await this.#run(new URL(this.url).host);
  }

  /** @param {'SIGTERM' | 'SIGKILL'} signal */
  async end(signal) {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stop_ms_max);
    await ended;
    clearTimeout(timer);
  }

  /** The number of its process. */
  get pid() {
    return this.#process?.pid ?? 0;
  }

  /** Runs another command of the binary on the same data. @param {string[]} args */
  async command(...args) {
    const { stdout } = await promisify(execFile)(binary, [...args, '--data', this.data]);
    return stdout.trim();
  }

  /** How many sessions the feed has, by transport; those without any are left out. */
  async sessions() {
    const text = await (
      await fetch(`${this.url}/metrics`, { headers: { Authorization: `Bearer ${metrics_token}` } })
    ).text();
    /** @type {Record<string, number>} */
    const counts = {};
    for (const [, name, count] of text.matchAll(/^encke_sessions\{transport="([\w-]+)"\} (\d+)$/gm)) {
      if (name !== undefined && count !== '0') counts[name] = Number(count);
    }
    return counts;
  }

  /** @param {string} listen */
  #run(listen) {
    const child = spawn(binary, ['serve', '--listen', listen, '--data', this.data, ...this.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ENCKE_METRICS_TOKEN: metrics_token },
    });
    this.#process = child;
    return new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ why) => reject(new Error(`The server ${why}:\n${this.#log}`));
      const timer = setTimeout(() => fail('was not ready in time'), start_ms_max);
      child.once('error', (error) => fail(`could not be started (${binary}): ${error.message}`));
      child.once('exit', (code) => fail(`ended with ${code}`));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          this.#log += text;
          if (stream !== child.stdout) return;
          const [, link, code] = /^ {2}(http:\S+#setup=(\S+))$/m.exec(text) ?? [];
          if (link !== undefined && code !== undefined) {
            this.setupLink = link;
            this.#setupCode = code;
          }
          const [, url] = /^Encke is ready: (http:\S+)$/m.exec(text) ?? [];
          if (url === undefined) return;
          this.url = url;
          // Here, because the link may name another host of the site.
          if (this.#setupCode !== '') setupCodes.set(url, this.#setupCode);
          clearTimeout(timer);
          resolve(undefined);
        });
      }
    });
  }
}
