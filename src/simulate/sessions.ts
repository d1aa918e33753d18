import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { ServeError } from '../http/address.ts';
import type { Credentials } from './credentials.ts';

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
const inOwnTerms = ({ code, message, cause }: ServeError): ServeError =>
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
export async function openSessions({ port, directory, credentials, log }: SessionsOptions): Promise<Gateway> {
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
    throw inOwnTerms(error);
  });
}
