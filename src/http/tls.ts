import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { ServeError } from './address.ts';

/** Each of `cert`, `key` and `clientCa` is PEM text, or the path of a PEM file. */
export interface TlsOptions {
  /** The server's certificate, followed by any intermediate ones. */
  cert: string;
  /** Its private key. */
  key: string;
  /** The key's passphrase, if it has one. */
  passphrase?: string;
  /** CA of the certificates that clients must present (mutual TLS); this then holds for /healthz and /readyz too. */
  clientCa?: string;
  /** How often, in milliseconds, the files are checked for a renewed certificate. @default 10000 */
  reloadMs?: number;
}

const isPem = (text: string) => text.includes('-----BEGIN');

/**
 * Reads the credentials.
 *
 * @throws ServeError `ERR_TLS` when a file cannot be read, or certificate and key do not fit
 */
export function tlsContext({ cert, key, passphrase, clientCa }: TlsOptions): ServerOptions {
  const context: ServerOptions = {
    cert: read('cert', cert),
    key: read('key', key),
    passphrase,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    ...(clientCa !== undefined && {
      ca: read('clientCa', clientCa),
      requestCert: true,
      rejectUnauthorized: true,
    }),
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new ServeError(
      'ERR_TLS',
      `tls.cert and tls.key do not work (${(cause as Error).message}); give a PEM certificate and its own key`,
      { cause },
    );
  }
  return context;
}

function read(option: string, pemOrPath: string): string {
  if (isPem(pemOrPath)) return pemOrPath;
  const fail = (why: string, cause?: unknown) =>
    new ServeError('ERR_TLS', `tls.${option}: ${pemOrPath} ${why}; give PEM or a file`, { cause });
  let text: string;
  try {
    text = readFileSync(pemOrPath, 'utf8');
  } catch (cause) {
    throw fail(`cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  // The file may be incomplete while it is written: with an empty certificate, no handshake succeeds.
  if (!isPem(text)) throw fail('holds no PEM');
  return text;
}

/**
 * Uses a renewed certificate for new connections. If certificate and key do not match, this is reported and the old
 * certificate stays in use. Returns a function that stops watching.
 *
 * Polls, because a certificate that is renewed by exchanging a symbolic link (Kubernetes) is no event
 * on the file that was opened.
 */
export function watchTls(server: Server, options: TlsOptions, log: (message: string) => void): () => void {
  const { cert, key, clientCa, reloadMs: interval = 10_000 } = options;
  const files = [cert, key, clientCa ?? ''].filter((file) => file && !isPem(file));
  const reload = () => {
    try {
      server.setSecureContext(tlsContext(options));
    } catch (error) {
      log(`The old TLS certificate stays in use: ${(error as Error).message}`);
    }
  };
  for (const file of files) watchFile(file, { interval, persistent: false }, reload);
  return () => {
    for (const file of files) unwatchFile(file, reload);
  };
}
