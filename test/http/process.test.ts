import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { serve } from './serving.ts';

describe('the process', () => {
  /** How many servers and connections keep this process alive. */
  const holding = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap' || name === 'TCPSocketWrap')
      .length;

  async function heldBy(keepProcessAlive: boolean): Promise<number> {
    const before = holding();
    const { url, close } = await serve({ keepProcessAlive });
    const client = connect(Number(new URL(url).port), '127.0.0.1').unref();
    client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'data');
    const held = holding() - before;
    const ended = once(client, 'close');
    client.resume();
    await close();
    await ended;
    return held;
  }

  test('is not kept alive by the server or its connections', async () => {
    expect(await heldBy(false)).toBe(0);
  });

  test('is kept alive when asked for', async () => {
    expect(await heldBy(true)).toBe(2);
  });
});
