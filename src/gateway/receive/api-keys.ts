import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { compactVerify, decodeJwt } from 'jose';
import { parse } from 'yaml';
import { z } from 'zod';
import { OptionError } from '../../options.ts';

/** Secrets by API key. */
export type ApiKeys = ReadonlyMap<string, string>;

export interface KeySource {
  /** The valid keys. */
  current(): ApiKeys;
  close(): void;
}

const fileSchema = z.record(z.string().min(1), z.string().min(1));

/** The minimum length of a secret that cannot be guessed, in characters; LiveKit's own tools generate longer ones. */
const minSecret = 32;

/** @throws Error if a secret is short enough to be brute-forced from a token */
function requireLongSecrets(keys: ApiKeys): void {
  for (const [key, { length }] of keys) {
    if (length >= minSecret) continue;
    throw new Error(
      `the secret of the API key ${key} has ${length} characters, and may be guessed; take one of at least ${minSecret} ` +
        '(`openssl rand -base64 32`), or listen on 127.0.0.1, or say with --insecure that this is a network of yours',
    );
  }
}

/**
 * `key: secret` in each line, as in the `keys` of livekit-server's own configuration.
 *
 * @param shortSecrets whether short secrets are accepted
 * @throws Error of the file system, or if the content is invalid
 */
export function readKeys(file: string, shortSecrets = false): ApiKeys {
  // Unlike a parser's error, this one does not quote the content, which contains secrets.
  const parsed = fileSchema.safeParse(yamlIn(readFileSync(file, 'utf8')) ?? {});
  if (!parsed.success) throw new Error('it must hold one "key: secret" in each line');
  const keys: ApiKeys = new Map(Object.entries(parsed.data));
  if (!shortSecrets) requireLongSecrets(keys);
  return keys;
}

function yamlIn(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`it is no YAML (${(error as { code?: string }).code})`);
  }
}

export interface KeyOptions {
  /** One pair: `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`. */
  pair?: { key: string; secret: string };
  /** Files of pairs, which are reloaded when they change. If a key is in several files, the first one applies. */
  files?: readonly string[];
  /** Milliseconds between checks of the files. @default 5000 */
  reloadMs?: number;
  /**
   * Whether secrets of fewer than 32 characters are accepted, such as `devkey: secret` of `livekit-server --dev`. @default
   * false
   */
  shortSecrets?: boolean;
  log: (message: string) => void;
}

/**
 * The API keys whose agents may upload.
 *
 * @throws OptionError if there are none, or a file is invalid; a missing file may be created later
 */
export function openKeys(options: KeyOptions): KeySource {
  const { pair, files = [], reloadMs = 5000, shortSecrets = false, log } = options;
  const own: ApiKeys = new Map(pair ? [[pair.key, pair.secret]] : []);
  if (files.length === 0 && own.size === 0) {
    throw new OptionError(
      'No API key is known, so that no agent could upload: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to those of ' +
        'your agents, or TALKGAUGE_GATEWAY_KEYS to a file with one "key: secret" in each line.',
    );
  }
  try {
    if (!shortSecrets) requireLongSecrets(own);
  } catch (error) {
    throw new OptionError(`LIVEKIT_API_SECRET cannot be used: ${(error as Error).message}.`);
  }
  const read = new Map<string, ApiKeys>();
  let keys = own;
  const load = (file: string) => {
    read.set(file, readKeys(file, shortSecrets));
    const inOrder = [own, ...files.map((each) => read.get(each) ?? [])];
    keys = new Map(inOrder.toReversed().flatMap((some) => [...some]));
  };
  for (const file of files) {
    try {
      load(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new OptionError(`The file of API keys ${file} cannot be used: ${(error as Error).message}.`);
      }
      log(`The file of API keys ${file} is not there yet; it is read as soon as it is`);
    }
  }
  if (keys.size === 0) log('Until there is an API key, all uploads are refused');
  const stops = files.map((file) => {
    const reload = ({ mtimeMs }: { mtimeMs: number }) => {
      // The file does not exist, or not yet.
      if (mtimeMs === 0) return;
      try {
        load(file);
        log(`API keys read: ${keys.size}`);
      } catch (error) {
        log(`The API keys stay as they were: ${file}: ${(error as Error).message}`);
      }
    };
    watchFile(file, { interval: reloadMs, persistent: false }, reload);
    return () => unwatchFile(file, reload);
  });
  return { current: () => keys, close: () => stops.forEach((stop) => void stop()) };
}

/**
 * The lifetime of the SDKs' tokens, in seconds: `exp` is `nbf` plus six hours. The Node.js SDK creates one per job, and
 * never renews it.
 */
const sdkLifetime = 6 * 3600;
/** Tolerance of this lifetime: the SDKs read the clock separately for the two times. */
const sdkJitter = 60;
/** Seconds for which such a token is accepted after its expiry, which allows calls of up to thirty hours. */
const sdkGrace = 24 * 3600;
/** Tolerance for clock skew, in seconds. */
const skew = 300;

const claimsSchema = z.object({
  iss: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  observability: z.object({ write: z.literal(true) }),
});

/**
 * The API key of a request: its token is signed with the key's secret, grants writing observability data, and has not
 * expired; an SDK's token may have expired by up to a day. undefined: no such token.
 *
 * @param now unix seconds
 */
export async function issuerOf(
  authorization: string | undefined,
  keys: ApiKeys,
  now: number = Date.now() / 1000,
): Promise<string | undefined> {
  const token = authorization?.match(/^Bearer +(\S+)$/i)?.[1];
  if (token === undefined) return undefined;
  try {
    const secret = keys.get(decodeJwt(token).iss ?? '');
    if (secret === undefined) return undefined;
    const { payload } = await compactVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
    });
    const { iss, exp, nbf = 0 } = claimsSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
    const grace = Math.abs(exp - nbf - sdkLifetime) <= sdkJitter ? sdkGrace : skew;
    return exp + grace > now && nbf - skew < now ? iss : undefined;
  } catch {
    return undefined;
  }
}
