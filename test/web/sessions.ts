import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyBatch, type SessionBatch } from '../../src/gateway/decode/records.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import type { SessionSummary } from '../../src/gateway/store/summary.ts';
import { type Running, startTestGateway } from '../gateway/running.ts';

export interface Made {
  /** The job, and so the session's id. */
  job: string;
  agent?: string;
  version?: string;
  /** Seconds before now at which it began. @default 1000 */
  ago?: number;
  /** @default 65 */
  seconds?: number;
  said?: string;
  latency?: number;
  toolError?: boolean;
  interrupted?: boolean;
  redacted?: boolean;
  reason?: string;
  /** Nothing but a span has come yet. */
  live?: boolean;
}

/** What the gateway takes up of a session. */
export function madeOf({ job, ago = 1000, seconds = 65, ...made }: Made): SessionBatch {
  const start = Date.now() / 1000 - ago;
  const identity = {
    jobId: job,
    roomName: `room of ${job}`,
    agentName: made.agent ?? 'front-desk',
    agentVersion: made.version ?? '1.0.0',
    redacted: made.redacted ?? false,
    simulated: false,
  };
  const batch = emptyBatch(identity);
  if (made.live) {
    const span = {
      traceId: 't',
      spanId: 's',
      name: 'job',
      attributes: {},
      events: [],
      status: 'ok' as const,
    };
    return { ...batch, spans: [{ ...span, start, end: start + seconds }] };
  }
  const reason = { reason: made.reason ?? 'user_initiated' };
  const { latency: e2eLatency, interrupted = false } = made;
  return {
    ...batch,
    logs: [{ at: start, level: 'info', message: 'AgentSession closed', scope: '', attributes: reason }],
    items: [
      { id: 'u', type: 'message', role: 'user', at: start, text: made.said ?? 'hello' },
      { id: 'a', type: 'message', role: 'assistant', at: start + 1, interrupted, metrics: { e2eLatency } },
      ...(made.toolError
        ? [{ id: 't', type: 'function_call_output' as const, at: start, isError: true }]
        : []),
    ],
    report: { startedAt: start, reportedAt: start + seconds, options: {}, usage: [], tags: [] },
  };
}

/** Brings sessions into a gateway. */
export async function fillWith({ store }: Pick<Gateway, 'store'>, ...made: Made[]): Promise<void> {
  for (const one of made) await store.apply(madeOf(one), one.job);
}

/** A gateway with these sessions in it. */
export async function gatewayWith(...made: Made[]): Promise<Running> {
  const gateway = await startTestGateway();
  await fillWith(gateway, ...made);
  return gateway;
}

/** Fills a directory with sessions for the list, `AJ_00000` the newest, without what they consist of. */
export function fillDirectory(directory: string, count: number): void {
  const now = Math.floor(Date.now() / 1000);
  const lines = Array.from({ length: count }, (_, n) => {
    const id = `AJ_${String(n).padStart(5, '0')}`;
    mkdirSync(join(directory, 'sessions', id), { recursive: true });
    const start = now - 60 * (n + 1);
    const summary: SessionSummary = {
      id,
      agent: n % 10 === 0 ? 'sales' : 'front-desk',
      version: '1.0.0',
      start,
      end: start + 50,
      turns: n % 20,
      latencyP50: 0.5,
      latencyP95: 0.5 + (n % 100) / 100,
      interruptions: 0,
      toolCalls: 0,
      toolErrors: 0,
      redacted: false,
      simulated: false,
      hasAudio: false,
      hasTranscript: true,
      hasTrace: false,
      hasLogs: false,
      hasReport: true,
      complete: true,
      receivedAt: start + 50,
      bytes: 1000,
    };
    return `${JSON.stringify([id, { summary, writtenAt: 0 }])}\n`;
  });
  writeFileSync(join(directory, 'index.jsonl'), lines.join(''));
}
