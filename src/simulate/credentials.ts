import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { readKeys } from '../gateway/receive/api-keys.ts';
import { SimulateOptionError } from './options.ts';

/** What jobs sign their uploads with. The stand-ins for LiveKit take any. */
export interface Credentials {
  LIVEKIT_API_KEY: string;
  LIVEKIT_API_SECRET: string;
}

/** A key that nobody else knows. */
const drawn = (): Credentials => ({
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
  if (file === undefined) return drawn();
  try {
    return kept(file) ?? keep(file, drawn());
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
