import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { startWorker, type WorkerOptions } from './worker.ts';

let backend: Backend;
/** Another backend: the user's or LiveKit's. */
let other: Backend;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  [backend, other] = await Promise.all([openBackend(), openBackend()]);
  closing.push(backend, other);
});

afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function run(options: Pick<WorkerOptions, 'agent' | 'env'>, job: object): Promise<string> {
  const worker = await startWorker({
    mode: 'dev',
    ...options,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, ...options.env },
  });
  closing.push(worker);
  await worker.finish(job);
  return worker.output();
}

const spanTree = [
  'agent_session',
  'agent_turn',
  'job_entrypoint',
  'llm_node',
  'llm_request',
  'llm_request_run',
];
const seenBy = ({ spans }: Backend) => {
  const names = new Set(spans.map(({ name }) => name));
  return spanTree.filter((name) => names.has(name));
};

describe('a user-defined tracer provider that is', () => {
  test.each(['handed over before', 'handed over after'])(
    '%s still receives its spans with content, and Talkgauge receives them without content',
    async (how) => {
      const env = { TEST_PROVIDER: how, TEST_BACKEND: other.url };
      const output = await run({ agent: 'own-provider.mjs', env }, { turns: 1 });
      expect(seenBy(backend)).toEqual(spanTree);
      expect(seenBy(other)).toEqual(spanTree);
      expect(JSON.stringify(other.spans)).toContain('canary-user');
      expect(JSON.stringify(backend.spans)).not.toContain('canary');
      expect(output).not.toContain('spans go to your TracerProvider only');
    },
  );
});

describe("LiveKit's own upload", () => {
  const record = { audio: false, traces: true, logs: true, transcript: true };
  const uploaded = (path: string) => other.paths.filter((one) => one.startsWith(`/observability/${path}`));

  const agents: Pick<WorkerOptions, 'agent' | 'env'>[] = [
    { agent: 'two-lines.mjs' },
    { agent: 'no-line.cjs' },
    { agent: 'own-provider.mjs', env: { TEST_PROVIDER: 'registered before' } },
  ];
  test.each(agents)('continues alongside Talkgauge ($agent)', async ({ agent, env }) => {
    const output = await run(
      {
        agent,
        env: {
          LIVEKIT_OBSERVABILITY_URL: other.url,
          TEST_BACKEND: other.url,
          ...env,
        },
      },
      { turns: 1, record },
    );
    expect(seenBy(backend)).toEqual(spanTree);
    expect(output).not.toContain('spans go to your TracerProvider only');
    expect(uploaded('traces').length).toBeGreaterThan(0);
    expect(uploaded('logs').length).toBeGreaterThan(0);
    expect(uploaded('recordings').length).toBe(1);
    // LiveKit's SDK alone loses spans that ended in the last five seconds.
    expect(other.spans.map(({ name }) => name)).toContain('agent_session');
    // Talkgauge does not remove content from LiveKit's own upload.
    expect(JSON.stringify(other.spans)).toContain('canary-user');
    expect(JSON.stringify(backend.spans)).not.toContain('canary');
    expect(backend.logs.length).toBeGreaterThan(0);
    // A gateway receives a marker not to forward these; a backend does not receive it.
    expect(other.spans.filter(({ attributes }) => attributes['talkgauge.exported.traces'] !== true)).toEqual(
      [],
    );
    expect(JSON.stringify([backend.spans, backend.logs])).not.toContain('talkgauge.exported');
  });
});
