import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import * as esm from '@livekit/agents';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { forwardOpenTelemetry } from '../../../src/agent/otel/forward.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';

const cjs: typeof esm = createRequire(import.meta.url)('@livekit/agents');

let stop = () => {};
afterEach(() => stop());

/** A job context with the fields that the instrument reads. */
const jobContext = {
  _otelMetadata: () => ({ 'lk.simulation.run_id': 'SR_1' }),
  job: { id: 'AJ_1', agentName: 'front-desk', room: { sid: 'RM_1' } },
} as unknown as esm.JobContext;

describe.each([
  ['ESM', esm],
  ['CommonJS', cjs],
])("in a job process, the %s build's own event-loop monitor", (_build, sdk) => {
  test('reports a stall to the sink, without room and job', async () => {
    sdk.initializeLogger({ pretty: false, level: 'silent' });
    const recorded: Observation[] = [];
    stop = forwardOpenTelemetry({ record: (sample) => recorded.push(sample) });
    const monitor = new sdk.telemetry.loopMonitor.EventLoopMonitor({
      warnThreshold: 60,
      errorThreshold: 10_000,
      tickInterval: 10,
      watchdog: false,
    });
    monitor.setReportContext(undefined, (report) => sdk.runWithJobContext(jobContext, report));
    monitor.start();
    await sleep(50);
    const end = performance.now() + 150;
    while (performance.now() < end);
    const stallsOf = () =>
      recorded.filter(({ metric }) => metric === 'lk_agents_event_loop_blocked_duration_seconds');
    await vi.waitFor(() => expect(stallsOf().length).toBeGreaterThan(0), { timeout: 20_000 });
    monitor.stop();
    const stalls = stallsOf();
    for (const { labels } of stalls) expect(labels).toEqual({ severity: 'warning', cause: 'code' });
    expect(Math.max(...stalls.map(({ value }) => value))).toBeGreaterThan(0.1);
    expect(JSON.stringify(recorded)).not.toMatch(/RM_1|AJ_1|SR_1/);
  });
});
