import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Readers } from '../gateway/api/readers.ts';
import type { ForwardHeaders } from '../gateway/forward/forwarder.ts';
import type { GatewayOptions } from '../gateway/options.ts';
import { defaultLimits } from '../gateway/receive/limits.ts';
import { OptionError } from '../options.ts';
import { PriceBook } from '../pricing/price-book.ts';
import { readPriceFile } from '../pricing/price-file.ts';

/** The options of `talkgauge gateway`, as the command line gives them. */
export interface GatewayFlags {
  host: string;
  port: number;
  data: string;
  keys?: readonly string[];
  tokenFile?: string;
  generateToken?: boolean;
  proxyHeader?: string;
  proxyFrom?: string;
  proxyHosts?: string;
  openMetrics?: boolean;
  tempo?: string;
  loki?: string;
  prometheus?: string;
  forwardHeaders?: string;
  forwardHeadersFile?: string;
  forwardExported?: boolean;
  livekitCloud?: string;
  grafana?: string;
  retentionDays?: number;
  retentionGb?: number;
  spoolMb: number;
  forwardMb: number;
  minFreeMb: number;
  maxAudioMb: number;
  maxUploads: number;
  sync: 'always' | 'recordings' | 'never';
  s3Endpoint?: string;
  s3Bucket?: string;
  s3Region: string;
  s3Prefix?: string;
  keepRedactedAudio?: boolean;
  prices?: string;
  maxLabelValues: number;
  maxSeries: number;
  deadLetterMb: number;
  insecure?: boolean;
  published?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
const mebibyte = 1024 * 1024;

/**
 * @param env the only source of secrets: other users of the machine can see a command line
 * @throws OptionError for what cannot be used
 */
export async function gatewayOptions(
  flags: GatewayFlags,
  env: Environment,
  log: (line: string) => void,
): Promise<GatewayOptions> {
  const directory = resolve(flags.data);
  const { audio } = defaultLimits.parts;
  const maxAudio = flags.maxAudioMb * mebibyte;
  return {
    directory,
    host: flags.host,
    port: flags.port,
    keys: { pair: apiKey(env), files: flags.keys },
    readers: await readersOf(flags, env, directory, log),
    openMetrics: flags.openMetrics,
    tls: tlsOf(env),
    forward: {
      tempo: flags.tempo,
      loki: flags.loki,
      prometheus: flags.prometheus,
      liveKitCloud: flags.livekitCloud,
      headers: forwardHeaders({ all: flags.forwardHeaders, file: flags.forwardHeadersFile, env }),
      exported: flags.forwardExported,
    },
    forwardBytes: flags.forwardMb * mebibyte,
    spoolBytes: flags.spoolMb * mebibyte,
    deadLetterBytes: flags.deadLetterMb * mebibyte,
    minFreeBytes: flags.minFreeMb * mebibyte,
    retention: {
      // 0 means no limit.
      maxAge: flags.retentionDays ? flags.retentionDays * 86_400 : undefined,
      maxBytes: flags.retentionGb ? flags.retentionGb * 1024 * mebibyte : undefined,
    },
    limits: {
      perMinute: flags.maxUploads,
      body: { ...defaultLimits.body, recordings: defaultLimits.body.recordings + maxAudio - audio },
      parts: { ...defaultLimits.parts, audio: maxAudio },
    },
    sync: flags.sync,
    objects: objectsOf(flags, env),
    keepRedactedAudio: flags.keepRedactedAudio,
    prices: flags.prices === undefined ? undefined : new PriceBook(readPriceFile(flags.prices)),
    maxLabelValues: flags.maxLabelValues,
    maxSeries: flags.maxSeries,
    insecure: flags.insecure,
    published: flags.published,
    grafana: flags.grafana,
    log,
  };
}

function apiKey({ LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret }: Environment) {
  return key && secret ? { key, secret } : undefined;
}

async function readersOf(
  { tokenFile, generateToken, proxyHeader, proxyFrom, proxyHosts }: GatewayFlags,
  env: Environment,
  directory: string,
  log: (line: string) => void,
): Promise<Readers | undefined> {
  const {
    TALKGAUGE_GATEWAY_TOKEN: token,
    TALKGAUGE_GATEWAY_USER: username,
    TALKGAUGE_GATEWAY_PASSWORD: password,
  } = env;
  if (Boolean(username) !== Boolean(password)) {
    throw new OptionError(
      'TALKGAUGE_GATEWAY_USER and TALKGAUGE_GATEWAY_PASSWORD go together: set both, or none.',
    );
  }
  if (Boolean(proxyHeader) !== Boolean(proxyFrom)) {
    throw new OptionError(
      '--proxy-header and --proxy-from go together: the header is trusted only from the addresses of the proxy.',
    );
  }
  const bearer = [
    ...(token ? [token] : []),
    ...(tokenFile ? [await tokenIn(tokenFile, generateToken)] : []).filter((found) => found !== undefined),
  ];
  const basic = username && password ? { username, password } : undefined;
  if (generateToken && bearer.length === 0 && !basic) bearer.push(await createToken(directory, log));
  if (bearer.length === 0 && !basic && !proxyHeader) return undefined;
  return {
    ...(bearer.length > 0 && { bearer }),
    // Browsers ask for a user and a password.
    basic: basic ?? (bearer[0] ? { username: 'talkgauge', password: bearer[0] } : undefined),
    ...(proxyHeader &&
      proxyFrom && {
        proxy: {
          header: proxyHeader,
          from: splitCommas(proxyFrom),
          hosts: proxyHosts ? splitCommas(proxyHosts.toLowerCase()) : undefined,
        },
      }),
  };
}

const splitCommas = (text: string): string[] => text.split(',').map((each) => each.trim());

/** @param optional whether the file may be missing */
async function tokenIn(file: string, optional = false): Promise<string | undefined> {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token) return token;
    throw new OptionError(`${file} is empty: write a token into it.`);
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof OptionError) throw error;
    throw new OptionError(`The token in ${file} cannot be read: ${(error as Error).message}.`);
  }
}

/** Generates a token, or reads the one that was generated before; it is stored beside the sessions. */
async function createToken(directory: string, log: (line: string) => void): Promise<string> {
  const file = join(directory, 'token');
  const known = await tokenIn(file, true);
  if (known !== undefined) return known;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const token = randomBytes(24).toString('base64url');
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  log(`Generated a token for readers (user talkgauge), stored in ${file}`);
  return token;
}

function tlsOf({ TALKGAUGE_GATEWAY_TLS_CERT: cert, TALKGAUGE_GATEWAY_TLS_KEY: key }: Environment) {
  if (Boolean(cert) !== Boolean(key)) {
    throw new OptionError(
      'TALKGAUGE_GATEWAY_TLS_CERT and TALKGAUGE_GATEWAY_TLS_KEY go together: set both, or none.',
    );
  }
  return cert && key ? { cert, key } : undefined;
}

function objectsOf(
  { s3Endpoint: endpoint, s3Bucket: bucket, s3Region: region, s3Prefix: prefix }: GatewayFlags,
  env: Environment,
) {
  if (!endpoint && !bucket) return undefined;
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey) {
    throw new OptionError(
      'A bucket takes --s3-endpoint and --s3-bucket, and its keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: set all of them, or none.',
    );
  }
  return { endpoint, bucket, region, prefix, accessKeyId, secretAccessKey, sessionToken };
}

const destinations = ['tempo', 'loki', 'prometheus'] as const;

const headersSchema = z.record(z.string().min(1).toLowerCase(), z.string());
const fileSchema = z.strictObject({
  tempo: headersSchema.optional(),
  loki: headersSchema.optional(),
  prometheus: headersSchema.optional(),
});

export interface HeaderSources {
  /** `name=value,name=value`, for all destinations. */
  all?: string;
  /** A YAML file: for each destination, `name: value` in each line. */
  file?: string;
  /** The process's: `TALKGAUGE_GATEWAY_TEMPO_HEADERS`, `…_LOKI_HEADERS`, `…_PROMETHEUS_HEADERS`. */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The headers for each destination: those of its variable, then those of the file, then those for all.
 *
 * @throws OptionError for what cannot be used; it quotes no value
 */
export function forwardHeaders({ all, file, env }: HeaderSources): ForwardHeaders {
  const common = pairsOf(all, '--forward-headers');
  const fromFile: ForwardHeaders = file ? headersIn(file) : {};
  return Object.fromEntries(
    destinations.map((destination) => {
      const variable = `TALKGAUGE_GATEWAY_${destination.toUpperCase()}_HEADERS`;
      return [destination, { ...common, ...fromFile[destination], ...pairsOf(env[variable], variable) }];
    }),
  );
}

function headersIn(file: string): ForwardHeaders {
  let found: unknown;
  try {
    found = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // The message of the YAML parser would quote the line.
    throw new OptionError(
      `The headers in ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
  const { success, data } = fileSchema.safeParse(found ?? {});
  if (success) return data;
  throw new OptionError(
    `${file} must hold, for each of tempo, loki and prometheus, one "name: value" in each line, indented below its name.`,
  );
}

/** Names become lower case: else, one that is spelled in two ways would be sent twice. */
function pairsOf(pairs: string | undefined, source: string): Record<string, string> {
  if (!pairs) return {};
  return Object.fromEntries(
    pairs.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new OptionError(`${source} takes name=value,name=value.`);
      return [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1).trim()];
    }),
  );
}
