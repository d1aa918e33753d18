import { expect, onTestFinished, test, vi } from 'vitest';
import { connectRelay } from '../../../src/agent/relay/client.ts';
import { observation } from '../../../src/catalogue/observation.ts';
import { dropped, exposed, identity, startRelay } from './relay.ts';

// A Node version with sockets that do not expose their file descriptor.
vi.mock('../../../src/private-apis/readers.ts', async (original) => ({
  ...(await original<typeof import('../../../src/private-apis/readers.ts')>()),
  descriptorOf: () => undefined,
}));
vi.mock('../../../src/agent/relay/descriptor.ts', () => ({
  writeNow: () => {
    throw new Error('there is no descriptor to write to');
  },
}));

test('without a file descriptor the client writes to the stream without loss', async () => {
  const { recorder, server } = await startRelay();
  const client = connectRelay({ path: server.path, identity });
  onTestFinished(() => client.close(0));
  for (let tick = 0; tick < 100; tick++) {
    for (let count = 0; count < 1000; count++) {
      client.record(observation('lk_agents_session_turns', {}, 3));
    }
    client.record(observation('lk_agents_handoffs_total', {}, 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.flush(10_000)).toBe(true);
  await vi.waitFor(
    async () => {
      expect(await exposed(recorder, 'lk_agents_session_turns_count')).toEqual(['100000']);
      expect(await exposed(recorder, 'lk_agents_handoffs_total')).toEqual(['100']);
    },
    { timeout: 10_000, interval: 20 },
  );
  expect(await dropped(recorder)).toEqual([]);
});
