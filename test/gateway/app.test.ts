import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { GatewayOptions } from '../../src/gateway/options.ts';
import { startTestGateway } from './running.ts';

const readyz = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  return [response.status, (await response.text()).trim()];
};

test('a gateway that accepts uploads is ready', async () => {
  const { url } = await startTestGateway();
  expect(await readyz(url)).toEqual([200, 'ready']);
});

test.each<[Partial<GatewayOptions>, string]>([
  [
    { minFreeBytes: Number.MAX_SAFE_INTEGER },
    'the disk is full: uploads are refused until there is room; see --min-free-mb',
  ],
  [{ spoolBytes: 1 }, 'the spool is full: uploads are refused until some are processed'],
])('a gateway that refuses uploads is not ready: %j', async (options, reason) => {
  const { url } = await startTestGateway(options);
  expect(await readyz(url)).toEqual([503, reason]);
});

test('a gateway that cannot write its spool is not ready', async () => {
  const { url, directory } = await startTestGateway();
  expect(await readyz(url)).toEqual([200, 'ready']);
  rmSync(join(directory, 'spool'), { recursive: true });
  await vi.waitFor(
    async () => expect(await readyz(url)).toEqual([503, 'the spool cannot be written (ENOENT)']),
    { timeout: 10_000, interval: 50 },
  );
});
