import { BlockList, isIP, isIPv6 } from 'node:net';
import { ServeError } from './serve-error.ts';

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
  // Node takes an empty host for "every interface": the last thing that somebody who left it empty wants.
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
