/** A mail server for one test: exim on a free port, which keeps all mails that it takes. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './wait.mjs';

const program = existsSync('/usr/sbin/exim4') ? '/usr/sbin/exim4' : 'exim4';

export class MailServer {
  /**
   * @param {number} port
   * @param {string} folder
   */
  constructor(port, folder) {
    this.port = port;
    this.folder = folder;
  }

  /** @param {import('node:test').TestContext} t */
  static async start(t) {
    const folder = await mkdtemp(join(tmpdir(), 'encke-exim-'));
    const port = await freePort();
    for (const name of ['spool', 'log', 'mail']) await mkdir(join(folder, name));
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? 'nobody' : String(process.getuid?.());
    const group = isRoot ? 'nogroup' : String(process.getgid?.());
    const lines = [
      'primary_hostname = mail.test',
      `spool_directory = ${folder}/spool`,
      `log_file_path = ${folder}/log/%s`,
      `pid_file_path = ${folder}/pid`,
      `daemon_smtp_ports = ${port}`,
      'local_interfaces = 127.0.0.1',
      `exim_user = ${user}`,
      `exim_group = ${group}`,
      'tls_advertise_hosts =',
      'deliver_drop_privilege = true',
      'keep_environment =',
      'rfc1413_query_timeout = 0s',
      'host_lookup =',
      'message_logs = false',
      'acl_smtp_rcpt = rcpt',
      'begin acl',
      'rcpt:',
      'accept',
      'begin routers',
      'all:',
      'driver = accept',
      'transport = kept',
      'begin transports',
      'kept:',
      'driver = appendfile',
      `directory = ${folder}/mail`,
      'maildir_format = true',
      `user = ${user}`,
      `group = ${group}`,
    ];
    await writeFile(join(folder, 'exim.conf'), `${lines.join('\n')}\n`);
    const drop = isRoot ? ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'] : [];
    if (isRoot) execFileSync('chown', ['-R', 'nobody:nogroup', folder]);
    const args = ['--pdeathsig', 'KILL', ...drop, '--', program, '-C', join(folder, 'exim.conf'), '-bdf'];
    const child = spawn('setpriv', args, { stdio: 'ignore' });
    t.after(async () => {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    });
    await eventually('the mail server answers', () => answers(port));
    return new MailServer(port, folder);
  }

  /** All mails that it has taken, as text, the oldest first. */
  async mails() {
    const folder = join(this.folder, 'mail', 'new');
    const names = existsSync(folder) ? (await readdir(folder)).sort() : [];
    return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
