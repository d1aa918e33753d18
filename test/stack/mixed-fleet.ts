import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { startWorker, type Worker, type WorkerOptions } from '../agent/worker/worker.ts';
import { callOf, pair } from '../gateway/javascript.ts';
import { longDelays, noDelays } from '../gateway/metrics/series.ts';
import { type Captured, captured, tokenOf, upload } from '../gateway/uploads.ts';
import { type MetricsProxy, startMetricsProxy } from './metrics-proxy.ts';
import { eventually } from './programs.ts';

/** A call with audio that Talkgauge observes in its job, and that the SDK also uploads to the gateway. */
const plan = callOf('question', 'lookup', 'question');

/**
 * A worker with Talkgauge, and a gateway that has measured two jobs without Talkgauge and refused an unauthorized upload,
 * each behind a metrics proxy.
 */
export interface MixedFleet {
  worker: MetricsProxy;
  gateway: MetricsProxy;
  close(): Promise<void>;
}

export async function mixedFleet(): Promise<MixedFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-mixed-'));
  const directory = join(folder, 'gateway');
  const options = { directory, keys: { pair }, port: 0, minFreeBytes: 0, log: () => {} };
  const closing: { close(): Promise<unknown> }[] = [];
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const taking = await startGateway({ ...options, measurementDelays: longDelays });
    closing.push(taking);
    const worker = await runCall(taking, folder, (one) => closing.push(one));
    const token = await tokenOf({ secret: pair.secret });
    for (const request of captured) await upload(taking.url, request, { token });
    await taking.drained(30_000);
    await taking.close();
    // All uploads have arrived before the measurement, so their timing has no influence.
    const gateway = await startGateway({ ...options, measurementDelays: noDelays });
    closing.push(gateway);
    await measurements(gateway, { measured: 2, observed: 1 });
    const [first] = captured as [Captured];
    await upload(gateway.url, first, { token: await tokenOf({ secret: 'of a stranger'.repeat(3) }) });
    const pages = [
      await startMetricsProxy(`http://127.0.0.1:${worker.port}/metrics`),
      await startMetricsProxy(`${gateway.url}/metrics`),
    ];
    closing.push(...pages);
    return { worker: pages[0] as MetricsProxy, gateway: pages[1] as MetricsProxy, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Runs a call of an observed agent that also uploads, until its process has exited. */
async function runCall(gateway: Gateway, folder: string, started: (worker: Worker) => void): Promise<Worker> {
  const worker = await startWorker({
    agent: '../../../gateway/agents/observed-call.mjs' as WorkerOptions['agent'],
    mode: 'dev',
    agentName: plan.agent,
    env: { LIVEKIT_OBSERVABILITY_URL: gateway.url, TALKGAUGE_AGENT_VERSION: plan.version },
  });
  started(worker);
  const log = join(folder, 'job.jsonl');
  await worker.run({ directory: folder, log, plan });
  const written = async () => {
    try {
      return readFileSync(log, 'utf8').includes('"exit"') || undefined;
    } catch {
      return undefined;
    }
  };
  await eventually(written, 'the end of the call', 90_000);
  return worker;
}

/** Waits until a gateway has measured this many sessions by result. */
async function measurements(gateway: Gateway, wanted: Readonly<Record<string, number>>): Promise<void> {
  await eventually(
    async () => {
      const page = await (await fetch(`${gateway.url}/metrics`)).text();
      const given = (result: string) =>
        Number(page.match(new RegExp(`measured_sessions_total\\{result="${result}"\\} (\\d+)`))?.[1] ?? 0);
      return Object.entries(wanted).every(([result, count]) => given(result) === count) || undefined;
    },
    `measurement results ${JSON.stringify(wanted)}`,
    60_000,
  );
}

/** A rule file with an evaluation interval of a second. */
export const evaluatedEverySecond = (text: string): string => {
  const file = parse(text) as { groups: object[] };
  return stringify({ groups: file.groups.map((group) => ({ ...group, interval: '1s' })) });
};
