import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyBatch, type SessionBatch } from '../../src/gateway/decode/records.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import type { SessionSummary } from '../../src/gateway/store/summary.ts';
import { type Running, startTestGateway } from '../gateway/running.ts';

export interface TestSession {
  /** The job ID, which is also the session ID. */
  job: string;
  agent?: string;
  version?: string;
  /** Start, in seconds before now. @default 1000 */
  ago?: number;
  /** @default 65 */
  seconds?: number;
  said?: string;
  latency?: number;
  toolError?: boolean;
  interrupted?: boolean;
  redacted?: boolean;
  reason?: string;
  /** Whether only a span has been uploaded yet. */
  live?: boolean;
}

/** The batch that the gateway stores for a session. */
export function sessionBatch({ job, ago = 1000, seconds = 65, ...session }: TestSession): SessionBatch {
  const start = Date.now() / 1000 - ago;
  const identity = {
    jobId: job,
    roomName: `room of ${job}`,
    agentName: session.agent ?? 'front-desk',
    agentVersion: session.version ?? '1.0.0',
    redacted: session.redacted ?? false,
    simulated: false,
  };
  const batch = emptyBatch(identity);
  if (session.live) {
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
  const reason = { reason: session.reason ?? 'user_initiated' };
  const { latency: e2eLatency, interrupted = false } = session;
  return {
    ...batch,
    logs: [{ at: start, level: 'info', message: 'AgentSession closed', scope: '', attributes: reason }],
    items: [
      { id: 'u', type: 'message', role: 'user', at: start, text: session.said ?? 'hello' },
      { id: 'a', type: 'message', role: 'assistant', at: start + 1, interrupted, metrics: { e2eLatency } },
      ...(session.toolError
        ? [{ id: 't', type: 'function_call_output' as const, at: start, isError: true }]
        : []),
    ],
    report: { startedAt: start, reportedAt: start + seconds, options: {}, usage: [], tags: [] },
  };
}

/** Stores sessions in a gateway. */
export async function fillWith({ store }: Pick<Gateway, 'store'>, ...sessions: TestSession[]): Promise<void> {
  for (const one of sessions) await store.apply(sessionBatch(one), one.job);
}

/** A gateway with these sessions. */
export async function gatewayWith(...sessions: TestSession[]): Promise<Running> {
  const gateway = await startTestGateway();
  await fillWith(gateway, ...sessions);
  return gateway;
}

/** Fills a directory with an index of sessions, `AJ_00000` the newest, without their files. */
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
