import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { isLoopback } from '../../http/address.ts';
import { type AuthOptions, createAuthenticator } from '../../http/auth.ts';
import { OptionError } from '../../options.ts';
import type { Telemetry } from '../telemetry.ts';

/** Who may read sessions. Each configured method authorizes a request. */
export interface Readers extends AuthOptions {
  /** A proxy that authenticates users, and sends a header with the user. */
  proxy?: {
    /** `x-forwarded-user`; it must not be empty. */
    header: string;
    /** Addresses, or networks such as `10.0.0.0/8`, from which the header is trusted. */
    from: readonly string[];
    /** Names by which the proxy reaches the gateway, as in `Host`, without ports. @default any */
    hosts?: readonly string[];
  };
}

export interface ReaderGuardOptions {
  readers?: Readers;
  /** The address that the gateway listens on. */
  host: string;
  telemetry: Telemetry;
}

/** Unauthorized requests per minute and address; for IPv6, per network of 64 bits. */
const maxFailures = 100;
const ipv6Network = 64;

/**
 * Authorizes readers: by login if one is configured, otherwise only from this machine.
 *
 * @throws OptionError if the gateway listens on another address without a login
 * @throws ServeError `ERR_AUTH` if a credential is invalid
 */
export function createReaderGuard({ readers, host, telemetry }: ReaderGuardOptions): RequestHandler {
  const { proxy, ...auth } = readers ?? {};
  const hasLogin = auth.basic !== undefined || [auth.bearer ?? []].flat().length > 0;
  if (!hasLogin && !proxy) {
    if (!isLoopback(host)) {
      throw new OptionError(
        `On ${host}, anybody who reaches the gateway could read what was said: set TALKGAUGE_GATEWAY_TOKEN, or ` +
          'TALKGAUGE_GATEWAY_USER and TALKGAUGE_GATEWAY_PASSWORD, or TALKGAUGE_GATEWAY_PROXY_HEADER, or listen on 127.0.0.1.',
      );
    }
    return localOnly(telemetry);
  }
  const login = hasLogin ? createAuthenticator(auth, 'sessions') : undefined;
  const trusted = proxy && blockList(proxy.from);
  const mayRead = (request: Request): boolean =>
    (proxy &&
      trusted &&
      Boolean(request.header(proxy.header)) &&
      includes(trusted, request.socket.remoteAddress) &&
      isNamed(proxy.hosts, request.headers.host)) ||
    (login?.isAuthorized(request) ?? false);

  // Only unauthorized requests are counted: valid credentials work even if others at the same address fail.
  const limited = rateLimit({
    windowMs: 60_000,
    limit: maxFailures,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: (request) => ipKeyGenerator(request.socket.remoteAddress ?? '', ipv6Network),
    handler: (_request, response) =>
      refuse(
        response,
        telemetry,
        429,
        'rate_limited',
        'Too many attempts with wrong credentials; wait a minute',
      ),
  });
  const unauthorized = (response: Response) => {
    telemetry.count('talkgauge_gateway_read_refused_total', { reason: 'unauthorized' });
    if (login) return login.challenge(response);
    response.status(401).json({ error: 'Log in at the proxy in front of the gateway' });
  };
  return (request, response, next) => {
    if (mayRead(request)) return next();
    return limited(request, response, (error?: unknown) => (error ? next(error) : unauthorized(response)));
  };
}

/** Headers that proxies and CDNs add to forwarded requests. */
const forwarded = /^(?:via|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/;

/**
 * The sign that a proxy forwarded a request; undefined: no sign. nginx adds no header by default. Before 1.29.7 it speaks
 * HTTP/1.0; of later versions only the page's own requests show it, by the address of the page in the browser.
 */
function proxyIndicator({ headers, httpVersion, originalUrl }: Request): string | undefined {
  const header = Object.keys(headers).find((name) => forwarded.test(name));
  if (header !== undefined) return header;
  if (httpVersion === '1.0') return 'HTTP/1.0';
  const page = originalUrl.startsWith('/api/') ? (headers.origin ?? headers.referer) : undefined;
  if (page === undefined || !URL.canParse(page)) return undefined;
  return isLoopback(nameOf(new URL(page))) ? undefined : `from a page at ${new URL(page).host}`;
}

/**
 * Without a login, only requests from this machine are authorized. Therefore two kinds are refused: those of a web page in
 * a local browser whose own host name resolves to 127.0.0.1, and those that a local proxy forwards from elsewhere.
 */
function localOnly(telemetry: Telemetry): RequestHandler {
  return (request, response, next) => {
    const sign = proxyIndicator(request);
    if (sign !== undefined) {
      const error =
        `This request came through a proxy (${sign}), and anybody may be behind it: set TALKGAUGE_GATEWAY_TOKEN, or ` +
        'TALKGAUGE_GATEWAY_USER and TALKGAUGE_GATEWAY_PASSWORD, or, for a proxy that logs people in, TALKGAUGE_GATEWAY_PROXY_HEADER ' +
        'and TALKGAUGE_GATEWAY_PROXY_FROM';
      return refuse(response, telemetry, 403, 'forwarded', error);
    }
    const name = hostname(request.headers.host);
    if (name !== undefined && isLoopback(name)) return next();
    refuse(
      response,
      telemetry,
      403,
      'host',
      'Without a login, the gateway answers to 127.0.0.1 and localhost only',
    );
  };
}

/** Refuses cross-origin requests with side effects. */
export function sameOrigin(telemetry: Telemetry): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    if (isForeign(request))
      return refuse(response, telemetry, 403, 'origin', 'This page may not change anything here');
    next();
  };
}

function isForeign(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin } = request.headers;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.headers.host);
}

function refuse(
  response: Response,
  telemetry: Telemetry,
  status: number,
  reason: 'forwarded' | 'host' | 'origin' | 'rate_limited',
  error: string,
): void {
  telemetry.count('talkgauge_gateway_read_refused_total', { reason });
  response.status(status).json({ error });
}

/** DNS rebinding: a page whose host name resolves to the proxy's machine could set any header. */
function isNamed(hosts: readonly string[] | undefined, header: string | undefined): boolean {
  return hosts === undefined || hosts.includes(hostname(header) ?? '');
}

/** The name in a `Host` header, without port and brackets. */
function hostname(header: string | undefined): string | undefined {
  if (header === undefined || !URL.canParse(`http://${header}`)) return undefined;
  return nameOf(new URL(`http://${header}`));
}

const nameOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function blockList(from: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of from) {
    const [address = '', bits] = entry.split('/');
    const type = isIPv6(address) ? 'ipv6' : 'ipv4';
    const width = Number(bits);
    if (
      isIP(address) === 0 ||
      (bits !== undefined && !(Number.isInteger(width) && width >= 0 && width <= 128))
    ) {
      throw new OptionError(`${entry} is neither an address nor a network, such as 10.0.0.0/8`);
    }
    if (bits === undefined) list.addAddress(address, type);
    else list.addSubnet(address, width, type);
  }
  return list;
}

const includes = (list: BlockList, address: string | undefined): boolean => {
  if (address === undefined) return false;
  // A dual-stack socket reports IPv4 addresses in this form.
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
};
