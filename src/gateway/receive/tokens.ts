import { compactVerify, decodeJwt } from 'jose';
import { z } from 'zod';
import type { ApiKeys } from './api-keys.ts';

/**
 * How long the SDKs make their tokens for, in seconds: `exp` is `nbf` and six hours. The Node.js SDK makes them once for each job,
 * and never anew.
 */
const sdkLifetime = 6 * 3600;
/** By how much it may differ: they read the clock once for each end. */
const sdkJitter = 60;
/** For how long a token of that shape is taken after its end, in seconds: calls of up to thirty hours come through. */
const sdkGrace = 24 * 3600;
/** By how much clocks may differ, in seconds. */
const skew = 300;

const claimsSchema = z.object({
  iss: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  observability: z.object({ write: z.literal(true) }),
});

/**
 * The API key that a request was made with: its token is signed with the key's secret, allows to write observability
 * data, and is not over; one that an SDK made may be, by a day. undefined: there is no such token.
 *
 * @param now unix seconds
 */
export async function issuerOf(
  authorization: string | undefined,
  keys: ApiKeys,
  now: number = Date.now() / 1000,
): Promise<string | undefined> {
  const token = authorization?.match(/^Bearer +(\S+)$/i)?.[1];
  if (token === undefined) return undefined;
  try {
    const secret = keys.get(decodeJwt(token).iss ?? '');
    if (secret === undefined) return undefined;
    const { payload } = await compactVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
    });
    const { iss, exp, nbf = 0 } = claimsSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
    const grace = Math.abs(exp - nbf - sdkLifetime) <= sdkJitter ? sdkGrace : skew;
    return exp + grace > now && nbf - skew < now ? iss : undefined;
  } catch {
    return undefined;
  }
}
