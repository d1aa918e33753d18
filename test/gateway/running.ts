import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import type { GatewayOptions } from '../../src/gateway/options.ts';
import { closeAfterTest } from '../closing.ts';
import { type Captured, key, upload } from './uploads.ts';

/** A folder that is removed after the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-gateway-'));
  closeAfterTest(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Running extends Gateway {
  directory: string;
  /** The log lines. */
  lines: string[];
  /** Sends captured requests one after the other, and waits until they are processed. */
  take(requests: readonly Captured[]): Promise<void>;
  /** A value of /metrics, summed over all other labels. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what they need of it
  json(path: string, init?: RequestInit): Promise<any>;
}

/** A gateway on a free port; it is closed, and its folder removed, after the test. */
export async function startTestGateway(options: Partial<GatewayOptions> = {}): Promise<Running> {
  const directory = options.directory ?? newFolder();
  const lines: string[] = [];
  const gateway = await startGateway({
    directory,
    keys: { pair: key },
    port: 0,
    minFreeBytes: 0,
    log: (line) => lines.push(line),
    ...options,
  });
  closeAfterTest(() => gateway.close());
  return {
    ...gateway,
    directory,
    lines,
    async take(requests) {
      for (const request of requests) await upload(gateway.url, request);
      await gateway.drained(20_000);
    },
    async metric(name, labels = {}) {
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return text
        .split('\n')
        .filter((each) => each.match(/^\w+/)?.[0] === name && wanted.every((part) => each.includes(part)))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    json: async (path, init) => (await fetch(`${gateway.url}${path}`, init)).json(),
  };
}
