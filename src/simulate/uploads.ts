import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportOptions } from '../agent/reports/settings.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { readKeys } from '../gateway/receive/api-keys.ts';
import { ServeError } from '../http/address.ts';
import { SimulateOptionError } from './options.ts';

/** The key with which jobs sign their uploads. The simulated LiveKit services accept any. */
export interface Credentials {
  LIVEKIT_API_KEY: string;
  LIVEKIT_API_SECRET: string;
}

/** Generates a random key. */
const generateCredentials = (): Credentials => ({
  LIVEKIT_API_KEY: `simulated-${randomBytes(4).toString('hex')}`,
  LIVEKIT_API_SECRET: randomBytes(32).toString('base64url'),
});

/**
 * The key with which calls are uploaded.
 *
 * @param file stores it, as `key: secret`, for a gateway that reads the file; generated if the file does not exist @default
 *   a new key each time
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

/** Written atomically: a gateway may read it at any time. */
function keep(file: string, credentials: Credentials): Credentials {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = credentials;
  writeFileSync(`${file}.new`, `${key}: "${secret}"\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return credentials;
}

export interface SessionsOptions {
  /** Port on 127.0.0.1; if it is in use, a free one is used instead. */
  port: number;
  /** The directory of the sessions. */
  directory: string;
  /** The key of the uploads. */
  credentials: Credentials;
  log: (message: string) => void;
}

/** The disk limit of a demonstration, in bytes; the oldest data is deleted above it. */
const maxBytes = 1024 ** 3;

/** A gateway's error with the option names of the simulation. */
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
 * @throws {ServeError} if it cannot listen for another reason than a port in use
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

/** The disk limit of a demonstration, in mebibytes; for the user's own folder, the user's setting applies. */
const maxMb = 1024;

export interface CallReports {
  /** The worker's options. */
  options: ReportOptions;
  /** The environment of its jobs. */
  environment: Readonly<Record<string, string>>;
  /** The location of the reports. */
  to: string;
}

/** The location of the calls' reports: `TALKGAUGE_REPORTS`, otherwise a folder next to the sessions. */
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
