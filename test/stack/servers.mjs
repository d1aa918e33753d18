// Real servers for tests: those on PATH, or those that the variables PROMETHEUS, PROMTOOL and ALERTMANAGER name.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

/** Names under which packages install them. */
const names = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['alertmanager', 'prometheus-alertmanager'],
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

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits until it is ready. What it printed is told when it does not come. */
async function start(command, args, url, cleanUp) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-4000);
    });
  }
  const gone = once(child, 'exit');
  const ready = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok;
  const deadline = Date.now() + 60_000;
  while (!(await ready())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${command} did not start. It said: ${said}`);
    }
    await sleep(100);
  }
  return {
    url,
    said: () => said,
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
  const folder = mkdtempSync(join(tmpdir(), `earshot-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** @param storage where its blocks are; a folder that is deleted at the end unless it is given */
export async function startPrometheus({ config, storage, retention = '1d' }) {
  const { folder, remove } = scratch('prometheus');
  const port = await freePort();
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${storage ?? join(folder, 'data')}`,
    `--storage.tsdb.retention.time=${retention}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
    '--log.level=warn',
  ];
  return start(find('prometheus'), args, `http://127.0.0.1:${port}`, remove);
}

export async function startAlertmanager({ config }) {
  const { folder, remove } = scratch('alertmanager');
  const port = await freePort();
  const file = join(folder, 'alertmanager.yml');
  mkdirSync(join(folder, 'data'));
  writeFileSync(file, stringify(config));
  const args = [
    `--config.file=${file}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  return start(find('alertmanager'), args, `http://127.0.0.1:${port}`, remove);
}
