import { isLoopback } from '../http/address.ts';

export interface PlainHttpOptions {
  host: string;
  tls: boolean;
  /** Whether the user knows. */
  insecure: boolean;
  log: (message: string) => void;
}

/** Warns who lets conversations and credentials travel over a network for everybody to read. */
export function warnOfPlainHttp({ host, tls, insecure, log }: PlainHttpOptions): void {
  if (tls || insecure || isLoopback(host)) return;
  log(
    `WARNING: plain HTTP on ${host}: whoever is on the way reads what was said, and the credentials of readers and agents. ` +
      'Set TALKGAUGE_GATEWAY_TLS_CERT and TALKGAUGE_GATEWAY_TLS_KEY, or listen on 127.0.0.1 behind a proxy with TLS; ' +
      'on a network that nobody else can read, say so with --insecure (TALKGAUGE_GATEWAY_INSECURE=true).',
  );
}
