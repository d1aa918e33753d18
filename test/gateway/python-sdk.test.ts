import { describe, expect, test } from 'vitest';
import type { GatewayOptions } from '../../src/gateway/options.ts';
import { freePort } from '../stack/servers.mjs';
import { longDelays, noDelays, seriesOf, waitForResult } from './metrics/series.ts';
import { startProxy } from './proxy.ts';
import { startPythonWorker, version } from './python/worker.ts';
import { startTestGateway } from './running.ts';

const pair = { key: 'devkey', secret: 'a secret of at least thirty-two characters' };
const questions = ['What is the weather like?', 'Please book a table', 'Thank you'];
/** Milliseconds. The SDK waits for up to 10 seconds if a receiver does not answer correctly. */
const limit = 5000;

// In CI, where .ci/run installs it, its absence is a failure.
test.skipIf(version === undefined && !process.env.CI)(
  'a job of the Python SDK is uploaded completely',
  async () => {
    const gateway = await startTestGateway({ keys: { pair }, measurementDelays: longDelays });
    // With a trailing slash, which Python keeps.
    const worker = await startPythonWorker(`${gateway.url}/`, pair);
    try {
      expect(await worker.run('AJ_python', questions)).toBeLessThan(limit);
      await gateway.drained(20_000);
      expect(await gateway.json('/api/sessions/AJ_python')).toMatchObject({
        agent: 'front-desk',
        version: '7.1.0',
        language: 'python',
        sdkVersion: version,
        status: 'complete',
        closeReason: 'user_initiated',
        turns: 3,
        toolCalls: 1,
        toolErrors: 1,
        hasTrace: true,
        hasLogs: true,
        hasReport: true,
        // 400 input tokens (160 cached) and 28 output tokens.
        cost: expect.closeTo((240 * 0.15 + 160 * 0.075 + 28 * 0.6) / 1e6, 9),
      });
      const { items } = await gateway.json('/api/sessions/AJ_python/transcript');
      const said = items.filter(({ role }: { role?: string }) => role === 'user');
      expect(said.map(({ text }: { text: string }) => text)).toEqual(questions);
      const failed = items.find(({ isError }: { isError?: boolean }) => isError);
      expect(failed).toMatchObject({ name: 'book_table', output: 'no tables left' });
      const { spans } = await gateway.json('/api/sessions/AJ_python/trace');
      const names = new Set(spans.map(({ name }: { name: string }) => name));
      expect([...names]).toEqual(
        expect.arrayContaining(['job_entrypoint', 'agent_session', 'agent_turn', 'llm_request']),
      );
      expect(gateway.lines).toEqual([]);

      // The session is measured after all uploads have arrived.
      await gateway.close();
      const measuring = await startTestGateway({ directory: gateway.directory, measurementDelays: noDelays });
      await waitForResult(measuring, 'measured');
      const model = 'model_provider="openai",model_name="gpt-4o-mini"';
      expect(await seriesOf(measuring)).toMatchObject({
        'turns_total{outcome="completed",tools="no"}': 2,
        'turns_total{outcome="completed",tools="yes"}': 1,
        session_turns_sum: 3,
        // The answers. The tool call makes it four requests.
        [`turn_llm_ttft_seconds_count{${model}}`]: 3,
        [`llm_requests_total{${model},outcome="ok"}`]: 4,
        [`llm_ttft_seconds_count{${model}}`]: 4,
        // The value is in seconds. Read as milliseconds, it would be a thousand times smaller.
        [`llm_duration_seconds_sum{${model}}`]: expect.toSatisfy(
          (seconds: number) => seconds > 0 && seconds < 60,
        ),
        [`usage_llm_input_tokens_total{${model}}`]: 400,
        [`usage_llm_input_cached_tokens_total{${model}}`]: 160,
        [`usage_llm_output_tokens_total{${model}}`]: 28,
        // To six decimals; see the cost above.
        [`cost_usd_total{${model},component="llm"}`]: 0.000065,
        'tool_calls_total{tool="book_table",outcome="error"}': 1,
        'tool_duration_seconds_count{tool="book_table"}': 1,
        'sessions_total{close_reason="user_initiated"}': 1,
        session_duration_seconds_count: 1,
      });
      const labels = { agent_name: 'front-desk', agent_version: '7.1.0' };
      expect(await measuring.metric('lk_agents_session_turns_sum', labels)).toBe(3);
    } finally {
      await worker.close();
    }
  },
);

describe.skipIf(version === undefined && !process.env.CI)('a job of the Python SDK', () => {
  test('exits quickly even if the gateway refuses its uploads', async () => {
    const down = `http://127.0.0.1:${await freePort()}`;
    const obstacles: Record<string, Partial<GatewayOptions>> = {
      disk_full: { minFreeBytes: Number.MAX_SAFE_INTEGER },
      spool_full: { spoolBytes: 1 },
      unauthorized: { keys: { pair: { key: 'another', secret: 'x'.repeat(32) } } },
      rate_limited: { limits: { perMinute: 1 } },
      too_slow: { limits: { graceSeconds: 0.001, minRate: 1e12 } },
      backends: { forward: { tempo: down, loki: down, prometheus: down } },
    };
    let target = '';
    // A worker is slow to start and uploads to one address, so all cases share a worker and a proxy.
    const proxy = await startProxy(() => target);
    const worker = await startPythonWorker(proxy.url, pair);
    try {
      for (const [reason, options] of Object.entries(obstacles)) {
        const gateway = await startTestGateway({ keys: { pair }, ...options });
        target = gateway.url;
        expect(await worker.run(`AJ_${reason}`, questions), reason).toBeLessThan(limit);
        // An upload may be faster than any minimum rate.
        if (reason === 'backends' || reason === 'too_slow') continue;
        const refused = await gateway.metric('talkgauge_gateway_refused_total', { reason });
        expect(refused, reason).toBeGreaterThan(0);
      }
    } finally {
      await worker.close();
    }
  });
});
