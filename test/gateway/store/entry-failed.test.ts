import { expect, test } from 'vitest';
import { emptyBatch, type LogRecord, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import { startTestGateway } from '../running.ts';

const line = (message: string, level: LogRecord['level'], attributes = {}): LogRecord => ({
  at: 1010,
  level,
  message,
  scope: 'livekit.agents',
  attributes,
});
const entrypoint = (status: SpanRecord['status']): SpanRecord => ({
  traceId: 't',
  spanId: 's',
  name: 'job_entrypoint',
  start: 1000,
  end: 1010,
  attributes: {},
  events: [],
  status,
});
const closed = line('AgentSession closed', 'info', { reason: 'user_initiated' });
const report = { startedAt: 1000, reportedAt: 1010, options: {}, usage: [], tags: [] };

test.each([
  ['Node.js logs that it threw', { logs: [line('error in entry function', 'error'), closed] }, 'failed'],
  ['Python does', { logs: [line('unhandled exception while running the job task', 'error')] }, 'failed'],
  ['its span failed', { logs: [closed], spans: [entrypoint('error')] }, 'failed'],
  ['the agent only quotes the SDK', { logs: [line('error in entry function', 'info')] }, 'complete'],
  ['its span did not fail', { logs: [closed], spans: [entrypoint('unset')] }, 'complete'],
] as const)('an entry function: %s', async (_, { logs, ...spans }, status) => {
  const gateway = await startTestGateway();
  const identity = { jobId: 'AJ_1', redacted: false, simulated: false };
  const spanRecords = 'spans' in spans ? [...spans.spans] : [];
  await gateway.store.apply({ ...emptyBatch(identity), logs: [...logs], spans: spanRecords, report }, 'a');
  expect((await gateway.json('/api/sessions/AJ_1')).status).toBe(status);
  const { sessions } = await gateway.json('/api/sessions?status=failed');
  expect(sessions.map(({ id }: { id: string }) => id)).toEqual(status === 'failed' ? ['AJ_1'] : []);
});
