import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportOptions } from '../agent/reports/settings.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { readKeys } from '../gateway/receive/api-keys.ts';
import { ServeError } from '../http/address.ts';
import { SimulateOptionError } from './options.ts';

/** What jobs sign their uploads with. The stand-ins for LiveKit take any. */
export interface Credentials {
  LIVEKIT_API_KEY: string;
  LIVEKIT_API_SECRET: string;
}

/** A key that nobody else knows. */
const generateCredentials = (): Credentials => ({
  LIVEKIT_API_KEY: `simulated-${randomBytes(4).toString('hex')}`,
  LIVEKIT_API_SECRET: randomBytes(32).toString('base64url'),
});

/**
 * The key with which calls are uploaded.
 *
 * @param file keeps it, as `key: secret`, for a gateway that reads it there; it is drawn if the file is not there
 *   @default it is drawn anew each time
 * @throws {SimulateOptionError} if the file cannot be used
 */
export function credentialsOf(file: string | undefined): Credentials {
  if (file === undefined) return generateCredentials();
  try {
    return kept(file) ?? keep(file, generateCredentials());
  } catch (error) {
    throw new SimulateOptionError(
      `the key in ${file} cannot be used (${(error as Error).message}): let the file be written, or remove it for a new one`,
    );
  }
}

function kept(file: string): Credentials | undefined {
  let keys: ReadonlyMap<string, string>;
  try {
    keys = readKeys(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [first] = keys;
  if (!first) throw new Error('there is none in it');
  return { LIVEKIT_API_KEY: first[0], LIVEKIT_API_SECRET: first[1] };
}

/** As a whole: a gateway may read it at any time. */
function keep(file: string, credentials: Credentials): Credentials {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = credentials;
  writeFileSync(`${file}.new`, `${key}: "${secret}"\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return credentials;
}

export interface SessionsOptions {
  /** Port on 127.0.0.1; if it is taken, a free one is used instead. */
  port: number;
  /** Where the sessions are kept. */
  directory: string;
  /** What the calls upload with. */
  credentials: Credentials;
  log: (message: string) => void;
}

/** What is on the disk for a demonstration may go when there is more than this, in bytes. */
const maxBytes = 1024 ** 3;

/** A gateway's error in the terms of a simulation, whose port of it has a name of its own. */
const withSimulateNames = ({ code, message, cause }: ServeError): ServeError =>
  new ServeError(
    code,
    message
      .replace('{ port }', '{ gatewayPort }')
      .replace('TALKGAUGE_GATEWAY_PORT', 'TALKGAUGE_SIMULATE_GATEWAY_PORT'),
    { cause },
  );

/**
 * Starts a gateway to which the simulated calls upload what the SDK records of them.
 *
 * @throws {ServeError} if it cannot listen, and not because the port is taken
 */
export async function startSessionGateway({
  port,
  directory,
  credentials,
  log,
}: SessionsOptions): Promise<Gateway> {
  const start = (on: number) =>
    startGateway({
      directory,
      port: on,
      keys: { pair: { key: credentials.LIVEKIT_API_KEY, secret: credentials.LIVEKIT_API_SECRET } },
      retention: { maxBytes },
      log,
    });
  return start(port).catch((error: unknown) => {
    if (!(error instanceof ServeError)) throw error;
    if (error.code === 'EADDRINUSE') return start(0);
    throw withSimulateNames(error);
  });
}

/** What a demonstration may have on the disk, in mebibytes; a folder of the user's own is bounded as the user says. */
const maxMb = 1024;

export interface CallReports {
  /** For the worker. */
  options: ReportOptions;
  /** For its jobs. */
  environment: Readonly<Record<string, string>>;
  /** Where they go. */
  to: string;
}

/** Where the reports of the calls go: where `TALKGAUGE_REPORTS` says, else into a folder beside what else is kept. */
export function callReports(directory: string, env = process.env): CallReports {
  const own = env.TALKGAUGE_REPORTS?.trim();
  if (own) return { options: {}, environment: {}, to: own };
  const to = join(directory, 'reports');
  return {
    options: { to, maxMb: env.TALKGAUGE_REPORTS_MAX_MB ? undefined : maxMb },
    environment: { TALKGAUGE_REPORTS: to },
    to,
  };
}
