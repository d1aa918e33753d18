import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { serve } from './serving.ts';

describe('the process', () => {
  /** The number of servers and connections that keep this process alive. */
  const activeHandles = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap' || name === 'TCPSocketWrap')
      .length;

  async function heldBy(keepProcessAlive: boolean): Promise<number> {
    const before = activeHandles();
    const { url, close } = await serve({ keepProcessAlive });
    const client = connect(Number(new URL(url).port), '127.0.0.1').unref();
    client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'data');
    const held = activeHandles() - before;
    const ended = once(client, 'close');
    client.resume();
    await close();
    await ended;
    return held;
  }

  test('is not kept alive by the server or its connections', async () => {
    expect(await heldBy(false)).toBe(0);
  });

  test('is kept alive with keepProcessAlive', async () => {
    expect(await heldBy(true)).toBe(2);
  });
});
