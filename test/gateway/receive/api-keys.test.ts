import { expect, test } from 'vitest';
import { issuerOf } from '../../../src/gateway/receive/api-keys.ts';
import { capturedOf, key, tokenOf } from '../uploads.ts';

const keys = new Map([
  [key.key, key.secret],
  ['other', 'another secret that is long enough'],
]);
const of = async (options: Parameters<typeof tokenOf>[0]) =>
  issuerOf(`Bearer ${await tokenOf(options)}`, keys);

test('the tokens of a real job are valid while it runs', async () => {
  const during = 1795346310;
  for (const { authorization } of capturedOf('full')) {
    expect(await issuerOf(authorization, keys, during)).toBe('devkey');
  }
});

test('a token signed with any of several keys is valid, and has the issuer of its key', async () => {
  expect(await of({})).toBe('devkey');
  expect(await of({ issuer: 'other', secret: 'another secret that is long enough' })).toBe('other');
});

const hour = 3600;

test('an SDK token of six hours is accepted for another day after its expiry, and not longer', async () => {
  expect(await of({ notBefore: -29 * hour, expires: -23 * hour })).toBe('devkey');
  // `nbf` and `exp` were computed in different seconds.
  expect(await of({ notBefore: -29 * hour, expires: -23 * hour + 1 })).toBe('devkey');
  expect(await of({ notBefore: -31 * hour, expires: -25 * hour })).toBeUndefined();
});

test.each([
  ['of ten minutes', { notBefore: -hour, expires: -hour + 600 }],
  ['of seven hours', { notBefore: -8 * hour, expires: -hour }],
])('a token %s is not an SDK token, and is valid until its expiry plus some minutes', async (_, token) => {
  expect(await of(token)).toBeUndefined();
  const justOver = { notBefore: token.notBefore + hour - 240, expires: -240 };
  expect(await of(justOver)).toBe('devkey');
});

test('clocks may differ by some minutes', async () => {
  expect(await of({ notBefore: 240 })).toBe('devkey');
  expect(await of({ notBefore: 3600, expires: 7200 })).toBeUndefined();
});

test.each([
  ['signed with another secret', { secret: 'x'.repeat(40) }],
  ['of an unknown key', { issuer: 'nobody' }],
  ['signed with the secret of another key', { issuer: 'other' }],
  ['that may only read', { claims: { observability: { read: true } } }],
  ['that grants something else', { claims: { video: { roomJoin: true } } }],
  ['with a grant that is not a boolean', { claims: { observability: { write: 'yes' } } }],
])('a token %s is refused', async (_, options) => {
  expect(await of(options)).toBeUndefined();
});

const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(
  JSON.stringify({ iss: 'devkey', exp: 4e9, observability: { write: true } }),
).toString('base64url')}.`;

test.each([undefined, '', 'Bearer', 'Bearer nonsense', 'Basic ZGV2a2V5OnNlY3JldA==', `Bearer ${unsigned}`])(
  '%j is not a token',
  async (header) => {
    expect(await issuerOf(header, keys)).toBeUndefined();
  },
);
