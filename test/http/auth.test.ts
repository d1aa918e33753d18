import { describe, expect, test } from 'vitest';
import { ask, serve } from './serving.ts';

const basic = (login: string) => ({
  headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
});
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('with a bearer token', () => {
  test('/metrics accepts each of the tokens and no others', async () => {
    const { url } = await serve({ auth: { bearer: ['old-token', 'new-token'] } });
    expect((await ask(`${url}/metrics`, bearer('old-token'))).status).toBe(200);
    expect((await ask(`${url}/metrics`, bearer('new-token'))).status).toBe(200);
    expect((await ask(`${url}/metrics`, { headers: { authorization: 'bearer new-token' } })).status).toBe(
      200,
    );
    for (const options of [{}, bearer('new-toke'), bearer('new-token1'), bearer(''), basic('new-token:')]) {
      const { status, headers, text } = await ask(`${url}/metrics`, options);
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer realm="metrics"');
      expect(text).not.toContain('#');
    }
  });

  test('no variant of the path bypasses it', async () => {
    const { url } = await serve({ auth: { bearer: 'token' } });
    for (const path of ['/metrics', '/metrics/', '/METRICS', '/metrics?x=1']) {
      expect((await ask(`${url}${path}`)).status).toBe(401);
      expect((await ask(`${url}${path}`, { method: 'HEAD' })).status).toBe(401);
    }
    for (const path of ['//metrics', '/./metrics', '/%6detrics']) {
      expect((await ask(`${url}${path}`)).text).not.toContain('# text');
    }
  });

  test('the probes need no token', async () => {
    const { url } = await serve({ auth: { bearer: 'token' } });
    expect((await ask(`${url}/healthz`)).status).toBe(200);
    expect((await ask(`${url}/readyz`)).status).toBe(200);
  });
});

describe('with user and password', () => {
  test('/metrics accepts only this login', async () => {
    const { url } = await serve({ auth: { basic: { username: 'prometheus', password: 'pä:ss wörd' } } });
    expect((await ask(`${url}/metrics`, basic('prometheus:pä:ss wörd'))).status).toBe(200);
    for (const options of [
      {},
      basic('prometheus:'),
      basic('prometheus'),
      basic(':pä:ss wörd'),
      bearer('x'),
    ]) {
      const { status, headers } = await ask(`${url}/metrics`, options);
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Basic realm="metrics", charset="UTF-8"');
    }
  });
});

test('with token and login configured, either is accepted', async () => {
  const { url } = await serve({ auth: { bearer: 'token', basic: { username: 'u', password: 'p' } } });
  expect((await ask(`${url}/metrics`, bearer('token'))).status).toBe(200);
  expect((await ask(`${url}/metrics`, basic('u:p'))).status).toBe(200);
  const { status, headers } = await ask(`${url}/metrics`);
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toBe('Bearer realm="metrics", Basic realm="metrics", charset="UTF-8"');
});

test.each([
  [{}, 'auth holds no credential'],
  [{ bearer: [] }, 'auth holds no credential'],
  [{ bearer: '' }, 'auth.bearer has a token that is empty'],
  [{ bearer: ['good', ' '] }, 'auth.bearer has a token that is empty'],
  [{ basic: { username: '', password: 'p' } }, 'auth.basic needs a username'],
  [{ basic: { username: 'a:b', password: 'p' } }, 'auth.basic needs a username'],
  [{ basic: { username: 'u', password: '' } }, 'auth.basic needs a username'],
])('%j is refused at the start, because it would not protect the server', async (auth, message) => {
  await expect(serve({ auth })).rejects.toMatchObject({
    code: 'ERR_AUTH',
    message: expect.stringContaining(message),
  });
});
