import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { type Captured, key, upload } from '../gateway/uploads.ts';

export interface SharedGateway extends Gateway {
  directory: string;
  /** Sends captured requests one after the other, and waits until they are processed. */
  take(requests: readonly Captured[]): Promise<void>;
}

/**
 * A gateway shared by the read-only tests of a file. It is started and filled for the first test that uses it, and closed
 * after the last. Its directory can be prepared before it starts.
 */
export function sharedGateway(
  fill: (gateway: SharedGateway) => Promise<void>,
  prepare: (directory: string) => void = () => {},
): () => Promise<SharedGateway> {
  let started: Promise<SharedGateway> | undefined;
  afterAll(async () => {
    const gateway = await started?.catch(() => undefined);
    await gateway?.close();
    if (gateway) rmSync(gateway.directory, { recursive: true, force: true });
  });
  const start = async (): Promise<SharedGateway> => {
    const directory = mkdtempSync(join(tmpdir(), 'talkgauge-gateway-'));
    prepare(directory);
    const gateway = await startGateway({
      directory,
      keys: { pair: key },
      port: 0,
      minFreeBytes: 0,
      log: () => {},
    });
    const shared = {
      ...gateway,
      directory,
      async take(requests: readonly Captured[]) {
        for (const request of requests) await upload(gateway.url, request);
        await gateway.drained(20_000);
      },
    };
    await fill(shared);
    return shared;
  };
  return () => {
    started ??= start();
    return started;
  };
}
