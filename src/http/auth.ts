import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServeError } from './address.ts';

/** Credentials of readers. If both kinds are configured, either is accepted. */
export interface AuthOptions {
  /** Tokens for `Authorization: Bearer …`; several, so that they can be rotated without downtime. */
  bearer?: string | readonly string[];
  /** User and password for `Authorization: Basic …`. */
  basic?: { username: string; password: string };
}

/** Checks credentials and responds to requests without valid ones. */
export interface Authenticator {
  /** Whether a request has valid credentials. */
  isAuthorized(request: IncomingMessage): boolean;
  /** Responds with 401 and the accepted schemes. */
  challenge(response: ServerResponse): void;
}

/**
 * @param realm the protected resource, as a login dialog shows it
 * @throws ServeError `ERR_AUTH` when a credential is empty, or `auth` holds none at all
 */
export function createAuthenticator(auth: AuthOptions, realm: 'metrics' | 'sessions'): Authenticator {
  const tokens = [auth.bearer ?? []].flat();
  // A header value has no surrounding whitespace, so such a token could never match.
  if (tokens.some((token) => !/^\S+$/.test(token))) {
    throw new ServeError('ERR_AUTH', 'auth.bearer has a token that is empty or has blanks; remove it');
  }
  const { basic } = auth;
  if (basic && (!basic.username || basic.username.includes(':') || !basic.password)) {
    throw new ServeError('ERR_AUTH', 'auth.basic needs a username (without ":") and a password');
  }
  if (tokens.length === 0 && !basic) {
    throw new ServeError('ERR_AUTH', 'auth holds no credential; give it bearer or basic, or leave auth out');
  }
  const bearers = tokens.map(digest);
  const login = basic && digest(`${basic.username}:${basic.password}`);
  const challenges = [
    ...(bearers.length > 0 ? [`Bearer realm="${realm}"`] : []),
    ...(login ? [`Basic realm="${realm}", charset="UTF-8"`] : []),
  ];

  /** Compares with every digest, so that the duration reveals nothing about them. */
  function isKnown({ scheme, credential }: { scheme: string; credential: string }): boolean {
    const candidates = scheme === 'bearer' ? bearers : scheme === 'basic' && login ? [login] : [];
    const presented = digest(scheme === 'basic' ? Buffer.from(credential, 'base64').toString() : credential);
    return candidates.filter((candidate) => timingSafeEqual(candidate, presented)).length > 0;
  }

  return {
    isAuthorized(request) {
      const { scheme = '', credential = '' } =
        request.headers.authorization?.match(/^(?<scheme>\w+) +(?<credential>\S+)$/)?.groups ?? {};
      return isKnown({ scheme: scheme.toLowerCase(), credential });
    },
    challenge(response) {
      response.statusCode = 401;
      response.setHeader('WWW-Authenticate', challenges);
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      // A browser shows it after its login dialog was closed.
      const reload = login ? ' In a browser, reload the page to log in.' : '';
      response.end(
        `The ${realm} need credentials: an Authorization header as WWW-Authenticate says.${reload}\n`,
      );
    },
  };
}

/**
 * Accepts requests with valid credentials; others get 401.
 *
 * @throws ServeError as `createLogin`
 */
export function requireAuth(auth: AuthOptions) {
  const { isAuthorized, challenge } = createAuthenticator(auth, 'metrics');
  return (request: IncomingMessage, response: ServerResponse, next: () => void) =>
    isAuthorized(request) ? next() : challenge(response);
}

/** Digests have the same length, which `timingSafeEqual` requires. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
