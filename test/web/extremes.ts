import type { SessionBatch } from '../../src/gateway/decode/records.ts';
import { sessionBatch, type TestSession } from './sessions.ts';

interface Extreme extends TestSession {
  room?: string;
  usd?: number;
}

const ordinary = { reason: 'participant_disconnected', latency: 1.2 };

/** Ordinary sessions, and sessions with the widest realistic texts. */
const extremes: Extreme[] = [
  { job: 'AJ_0', ago: 100, seconds: 11 },
  { job: 'AJ_1', ...ordinary, ago: 300, usd: 0.0156, version: '2.4.0' },
  {
    job: 'AJ_2',
    ...ordinary,
    ago: 400,
    usd: 0.0302,
    version: '3.1.0-beta.12',
    latency: 1.8,
    toolError: true,
  },
  {
    job: 'AJ_3',
    ...ordinary,
    ago: 20_000,
    usd: 1234.56,
    version: '3.1.0-beta.12',
    latency: 12.3,
    seconds: 12_000,
  },
  { job: 'AJ_4', ago: 100_000, usd: 12.5, reason: 'error' },
];

/** Sessions with texts too long for any window. */
const overlong: Extreme[] = [
  {
    job: 'AJ_5',
    ago: 600,
    agent: 'billing-and-invoices-for-large-customers-in-europe-and-africa',
    room: 'a-room-with-a-name-that-somebody-generated-from-everything-they-know-about-the-call-0123456789',
    version: 'release-2026-11-27-hotfix.3+build.8842',
    reason: 'job_shutdown_requested_by_the_worker_that_drains',
  },
  { job: 'AJ_6', ago: 40_000_000, usd: 0.00001, redacted: true },
];

function batchOf({ room, usd, ...session }: Extreme): SessionBatch {
  const batch = sessionBatch(session);
  // The model costs $0.15 per million input tokens.
  const amounts = { input_tokens: Math.round(((usd ?? 0) / 0.15) * 1e6) };
  const usage = { component: 'llm' as const, provider: 'openai', model: 'gpt-4o-mini', amounts };
  return {
    ...batch,
    identity: { ...batch.identity, roomName: room ?? batch.identity.roomName },
    report: batch.report && { ...batch.report, usage: usd === undefined ? [] : [usage] },
  };
}

export const ordinaryBatches = extremes.map(batchOf);
export const overlongBatches = overlong.map(batchOf);
