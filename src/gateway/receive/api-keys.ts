import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { OptionError } from '../../options.ts';

/** Secrets by API key. */
export type ApiKeys = ReadonlyMap<string, string>;

export interface KeySource {
  /** The keys that hold now. */
  current(): ApiKeys;
  close(): void;
}

const fileSchema = z.record(z.string().min(1), z.string().min(1));

/** `key: secret` in each line, as in the `keys` of livekit-server's own configuration. */
function readKeys(file: string): ApiKeys {
  const parsed = fileSchema.safeParse(parse(readFileSync(file, 'utf8')) ?? {});
  // What is wrong is not quoted: it is secrets that are in there.
  if (!parsed.success) throw new Error('it must hold one "key: secret" in each line');
  return new Map(Object.entries(parsed.data));
}

export interface KeyOptions {
  /** One pair: `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`. */
  pair?: { key: string; secret: string };
  /** A file of pairs; it is read again when it changes. */
  file?: string;
  /** How often the file is looked at, in milliseconds. @default 5000 */
  reloadMs?: number;
  log: (message: string) => void;
}

/**
 * The API keys whose agents may upload.
 *
 * @throws OptionError if there are none, or the file cannot be used; one that is missing may come later
 */
export function openKeys({ pair, file, reloadMs = 5000, log }: KeyOptions): KeySource {
  const own: ApiKeys = new Map(pair ? [[pair.key, pair.secret]] : []);
  if (file === undefined) {
    if (own.size === 0) {
      throw new OptionError(
        'No API key is known, so that no agent could upload: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to those of ' +
          'your agents, or EARSHOT_GATEWAY_KEYS to a file with one "key: secret" in each line.',
      );
    }
    return { current: () => own, close: () => {} };
  }
  let keys = own;
  const load = () => {
    keys = new Map([...readKeys(file), ...own]);
  };
  try {
    load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new OptionError(`The file of API keys ${file} cannot be used: ${(error as Error).message}.`);
    }
    log(
      `The file of API keys ${file} is not there yet; until it is, ${own.size > 0 ? 'its' : 'all'} uploads are refused`,
    );
  }
  const reload = ({ mtimeMs }: { mtimeMs: number }) => {
    // It is not there, or not yet.
    if (mtimeMs === 0) return;
    try {
      load();
      log(`API keys read: ${keys.size}`);
    } catch (error) {
      log(`The API keys stay as they were: ${(error as Error).message}`);
    }
  };
  watchFile(file, { interval: reloadMs, persistent: false }, reload);
  return { current: () => keys, close: () => unwatchFile(file, reload) };
}
