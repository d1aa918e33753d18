// Real servers for tests and benchmarks: those on PATH, or in the variables PROMETHEUS and PROMTOOL.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

/** The command names in packages. */
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

/** The command, or undefined if it is not installed. */
export function find(server) {
  const named = process.env[server.toUpperCase()];
  const folders = (process.env.PATH ?? '').split(delimiter);
  return (named ? [named] : names[server])
    .flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))))
    .find(executable);
}

/**
 * An unused port. It is below the ephemeral ports of the system, which begin at 32768, so that no connection
 * of another test uses it first.
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
 * Runs a server until it is stopped, and waits until it is ready.
 *
 * @throws {Error} with its output if it is not ready within a minute
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
      throw new Error(`${command} did not start. Its output: ${said}`);
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

/** A temporary folder, and a function that removes it. */
function scratch(name) {
  const folder = mkdtempSync(join(tmpdir(), `talkgauge-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * @param storage the folder of its blocks; by default a folder that is deleted at the end
 * @param command the command; by default the one on PATH
 * @param features additional feature flags
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
    // A busy machine needs time for a month of data.
    '--query.timeout=30m',
    '--log.level=warn',
  ];
  return startServer(command, args, port, remove);
}
