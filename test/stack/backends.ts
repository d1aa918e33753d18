import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isInstalled } from './programs.ts';
import { type Compose, read, readYaml } from './repository.ts';
import { type RunningServer, startServer } from './servers.mjs';

export type BackendName = 'tempo' | 'loki';

/** The command that runs a backend on this machine, and the arguments before its own. */
export interface Program {
  command: string;
  /** @param folder the folder that is mounted if the backend runs in a container */
  before(folder: string): readonly string[];
}

const image = (name: BackendName): string =>
  readYaml<Compose>('docker-compose.yml').services[name]?.image ?? name;

/** Whether a Docker engine answers. */
function hasDocker(): boolean {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], {
      stdio: 'ignore',
      timeout: 10_000,
    });
    return true;
  } catch {
    return false;
  }
}

/** The backend on PATH, or else in the image of the stack; undefined if both are missing. */
export function backendProgram(name: BackendName): Program | undefined {
  if (isInstalled(name)) return { command: name, before: () => [] };
  if (process.platform !== 'linux' || !hasDocker()) return undefined;
  const user = `${process.getuid?.()}:${process.getgid?.()}`;
  // With the network and paths of the host, so that it runs like a local program.
  const before = (folder: string) => [
    ...['run', '--rm', '--network=host', `--user=${user}`, `--volume=${folder}:${folder}`],
    ...['--env=LISTEN_ADDRESS', '--env=DATA', '--env=RETENTION', image(name)],
  ];
  return { command: 'docker', before };
}

/** The reason for skipped tests of a missing backend, for test titles. */
export const skipReason = (name: BackendName): string =>
  `(skipped: no ${name} on PATH among ${(process.env.PATH ?? '').split(delimiter).length} folders, and no Docker)`;

/** A backend with the configuration of the stack, except for its folder and its ports, which are free ports of 127.0.0.1. */
export interface Configured {
  name: BackendName;
  program: Program;
  folder: string;
  port: number;
  /** Tempo's URL for OTLP over HTTP. */
  otlpPort: number;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  remove(): void;
}

/** Distinct unused ports of 127.0.0.1. All are held open until the last is found. */
export async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(held.map((server) => once(server, 'listening')));
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map((server) => once(server.close(), 'close')));
  return ports;
}

export async function configured(name: BackendName, program: Program): Promise<Configured> {
  const folder = mkdtempSync(join(tmpdir(), `talkgauge-${name}-`));
  const [port, grpcPort, otlpPort, otlpGrpcPort, gossipPort] = await freePorts(5);
  const file = join(folder, `${name}.yml`);
  const text = read(`grafana/${name}.yml`)
    .replace(':4317', `:${otlpGrpcPort}`)
    .replace(':4318', `:${otlpPort}`)
    .replace(/^( *)bind_addr: .*$/m, `$&\n$1bind_port: ${gossipPort}`);
  writeFileSync(file, text);
  const data = join(folder, 'data');
  mkdirSync(data);
  return {
    name,
    program,
    folder,
    port: port as number,
    otlpPort: otlpPort as number,
    args: [
      `-config.file=${file}`,
      '-config.expand-env=true',
      `-server.http-listen-port=${port}`,
      `-server.grpc-listen-port=${grpcPort}`,
    ],
    // Accepts old timestamps, because the captured calls are old.
    env: { LISTEN_ADDRESS: '127.0.0.1', DATA: data, RETENTION: '87600h' },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function startBackend(backend: Configured): Promise<RunningServer> {
  const { program, folder, args, port, env, remove } = backend;
  return startServer(program.command, [...program.before(folder), ...args], port, remove, {
    readyAt: '/ready',
    env,
  });
}
