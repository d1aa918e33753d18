import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { ServeError } from './address.ts';

/** Who may read. With both kinds given, either lets a request in. */
export interface AuthOptions {
  /** Tokens for `Authorization: Bearer …`; several, so that one can be replaced without a gap. */
  bearer?: string | readonly string[];
  /** User and password for `Authorization: Basic …`. */
  basic?: { username: string; password: string };
}

/** Checks credentials, and answers those who have none. */
export interface Authenticator {
  /** Whether a request carries a credential that lets it in. */
  isAuthorized(request: IncomingMessage): boolean;
  /** Answers with 401, and how to log in. */
  challenge(response: ServerResponse): void;
}

/**
 * @param realm what is guarded, as it is called in a login window
 * @throws ServeError `ERR_AUTH` when a credential is empty, or `auth` holds none at all
 */
export function createAuthenticator(auth: AuthOptions, realm: 'metrics' | 'sessions'): Authenticator {
  const tokens = [auth.bearer ?? []].flat();
  // A header's value arrives without surrounding blanks, so such a token could never be presented.
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

  /** Compares with every known digest, so that the time taken says nothing about which one is near. */
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
      // A browser shows it to who closed its login window.
      const reload = login ? ' In a browser, reload the page to log in.' : '';
      response.end(
        `The ${realm} need credentials: an Authorization header as WWW-Authenticate says.${reload}\n`,
      );
    },
  };
}

/**
 * Lets only requests with the right credentials through; others get 401.
 *
 * @throws ServeError as `createLogin`
 */
export function requireAuth(auth: AuthOptions): RequestHandler {
  const { isAuthorized, challenge } = createAuthenticator(auth, 'metrics');
  return (request, response, next) => (isAuthorized(request) ? next() : challenge(response));
}

/** Hashes are of one length, as `timingSafeEqual` demands, whatever was presented. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
