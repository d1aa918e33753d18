// Real servers for tests and benchmarks: those on PATH, or those that the variables PROMETHEUS and PROMTOOL name.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

/** Names under which packages install them. */
const names = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
};

const executable = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The command, or undefined when this machine does not have it. */
export function find(server) {
  const named = process.env[server.toUpperCase()];
  const folders = (process.env.PATH ?? '').split(delimiter);
  return (named ? [named] : names[server])
    .flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))))
    .find(executable);
}

/**
 * A port that nobody listens on. It is none of those that a system hands out by itself, from 32768 on, so that no connection
 * of another test takes it before it is used.
 */
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

/**
 * Runs a server until it is asked to stop, and waits until it says that it is ready.
 *
 * @throws {Error} with what it printed when it does not come within a minute
 */
export async function startServer(
  command,
  args,
  port,
  cleanUp = () => {},
  { readyAt = '/-/ready', env } = {},
) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const url = `http://127.0.0.1:${port}`;
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-20_000);
    });
  }
  const gone = once(child, 'close');
  const ready = async () => (await fetch(`${url}${readyAt}`).catch(() => undefined))?.ok;
  const deadline = Date.now() + 60_000;
  while (!(await ready())) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${command} did not start. It said: ${said}`);
    }
    await sleep(100);
  }
  return {
    url,
    log: () => said,
    async stop() {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(killer);
      cleanUp();
    },
  };
}

/** A scratch folder, and its end. */
function scratch(name) {
  const folder = mkdtempSync(join(tmpdir(), `talkgauge-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * @param storage where its blocks are; a folder that is deleted at the end unless it is given
 * @param command which one; the one on PATH unless it is given
 * @param features that are switched on, too
 */
export async function startPrometheus({
  config,
  storage,
  retention = '1d',
  port: wanted,
  command = find('prometheus'),
  features = [],
}) {
  const { folder, remove } = scratch('prometheus');
  const port = wanted ?? (await freePort());
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${storage ?? join(folder, 'data')}`,
    `--storage.tsdb.retention.time=${retention}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--enable-feature=${['exemplar-storage', ...features].join()}`,
    // A busy machine needs its time for a month at once.
    '--query.timeout=30m',
    '--log.level=warn',
  ];
  return startServer(command, args, port, remove);
}
