import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * The server could not start. The message has the next step.
 *
 * `code` is the system's (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND`, …), or `ERR_PORT`,
 * `ERR_HOST`, `ERR_AUTH`, `ERR_TLS` for an option that is wrong.
 */
export class ServeError extends Error {
  override readonly name = 'ServeError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Explains why listening failed.
 *
 * @param variables prefix of the environment variables for host and port
 */
export function listenError(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
  variables: string,
): ServeError {
  const code = cause.code ?? 'ERR_LISTEN';
  return new ServeError(code, explain(code, cause.message, host, port, variables), { cause });
}

function explain(code: string, message: string, host: string, port: number, variables: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use; pass { port } or set ${variables}_PORT`;
    case 'EACCES':
      return `Port ${port} needs privileges that this process lacks; pass a { port } above 1023 or set ${variables}_PORT`;
    case 'EADDRNOTAVAIL':
      return `Host ${host} is no address of this machine; pass { host } or set ${variables}_HOST`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `Host ${host} cannot be resolved (${code}); pass { host } or set ${variables}_HOST`;
    default:
      return `Listening on ${host}, port ${port} failed (${message}); pass { host, port } or set ${variables}_HOST, ${variables}_PORT`;
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return /^(.+\.)?localhost$/i.test(host);
  return loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/** @throws ServeError `ERR_HOST` or `ERR_PORT` */
export function checkAddress(host: string, port: number, variables: string): void {
  // Node listens on every interface if the host is empty, which nobody intends who left it empty.
  if (typeof host !== 'string' || !host.trim()) {
    throw new ServeError(
      'ERR_HOST',
      `The host is empty; pass { host } or set ${variables}_HOST, e.g. 127.0.0.1`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ServeError(
      'ERR_PORT',
      `Port ${port} is not a whole number from 0 to 65535; pass { port } or set ${variables}_PORT`,
    );
  }
}

/** A base URL that works on this machine, also where the server listens on every interface. */
export function baseUrl(scheme: 'http' | 'https', host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}
