import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { evaluatedEverySecond, type MixedFleet, mixedFleet } from './mixed-fleet.ts';
import { type PanelQuery, panelQueries, rangeOf } from './panels.ts';
import { eventually, installed, isMissing } from './programs.ts';
import { prometheusApi, type Series } from './prometheus-api.ts';
import { read, root } from './repository.ts';
import { type RunningServer, startPrometheus } from './servers.mjs';

/**
 * Agents with Talkgauge and agents that only upload, on the same boards: a worker with a job that observed a call, and
 * a gateway that measured two captured jobs of an agent without Talkgauge. A real Prometheus scrapes both.
 */
const missing = isMissing(...installed('prometheus'));

describe.skipIf(missing)('a mixed fleet', () => {
  let folder: string;
  let fleet: MixedFleet;
  let prometheus: RunningServer;
  let api: ReturnType<typeof prometheusApi>;

  const now = () => Math.floor(Date.now() / 1000);
  const latestValue = async (query: string) => (await api.at(query, now()))[0]?.values[0]?.[1];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'talkgauge-mixed-rules-'));
    fleet = await mixedFleet();
    const rules = ['prometheus/rules/talkgauge.yml', 'alerts/talkgauge.yml'].map((path, index) => {
      const file = join(folder, `${index}.yml`);
      writeFileSync(file, evaluatedEverySecond(read(path)));
      return file;
    });
    const scraped = (job_name: string, target: string) => ({
      job_name,
      static_configs: [{ targets: [target] }],
    });
    prometheus = await startPrometheus({
      config: {
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: rules,
        // With the job names of the stack.
        scrape_configs: [
          scraped('livekit-agents', fleet.worker.target),
          scraped('talkgauge-gateway', fleet.gateway.target),
        ],
      },
    });
    api = prometheusApi(prometheus.url);
    const seen = async (query: string) =>
      eventually(async () => (await latestValue(query)) || undefined, query, 60_000);
    await seen('count(count by (job) (lk_agents_turns_total)) == 2');
    await seen('min(count_over_time(up[1m])) >= 3');
    fleet.worker.release();
    fleet.gateway.release();
    await seen('count(sum by (job) (lk_agents_turns_total) > 0) == 2');
    await seen('min(sum_over_time((sum by (job) (lk_agents_turns_total) > bool 0)[1m:1s])) >= 8');
  }, 240_000);
  afterAll(async () => {
    await prometheus?.stop();
    await fleet?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The result of a board query for the last minutes. */
  const queryResult = async ({ expr, instant }: PanelQuery): Promise<Series[]> => {
    const at = now();
    return instant ? api.at(expr, at) : api.over(expr, { start: at - 300, end: at, step: 60 });
  };
  const queries = (from?: string) =>
    panelQueries(rangeOf(now() - 3600, now()), from).filter(({ exemplars }) => !exemplars);

  // A busy machine sometimes misses a scrape, so instant queries are retried.
  const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 500 });

  test('a call that is both observed and uploaded is counted once', () =>
    soon(async () => {
      const sessions = await api.at('sum by (agent_name, job) (lk_agents_sessions_total) > 0', now());
      expect(
        sessions.map(({ metric, values }) => [metric.job, metric.agent_name, values[0]?.[1]]).toSorted(),
      ).toEqual([
        ['livekit-agents', 'support', 1],
        ['talkgauge-gateway', 'support-agent', 2],
      ]);
    }));

  // The cost board is left out, because the models of the captured jobs have no price.
  test.each(['fleet', 'latency', 'turn-taking', 'models', 'tools', 'releases'])(
    'both agents are on the board %s, each once',
    async (board) => {
      const agents = new Set<string>();
      const twice: string[] = [];
      for (const query of queries().filter((one) => one.board === board && one.expr.includes('agent_name'))) {
        const rows = (await queryResult(query)).map(({ metric }) => metric);
        for (const { agent_name } of rows) if (agent_name) agents.add(agent_name);
        // With its target as a label, an agent would be listed twice.
        if (rows.some(({ job, instance }) => job ?? instance)) twice.push(query.panel);
      }
      expect([...agents].toSorted()).toEqual(['support', 'support-agent']);
      expect(twice).toEqual([]);
    },
  );

  test.each([
    ['LLMs compared', ['anthropic claude-haiku-4-5', 'fakeco fake-llm-1']],
    ['STT compared', ['assemblyai universal-streaming', 'fakeco fake-stt-1']],
    ['TTS compared', ['elevenlabs eleven_flash_v2_5', 'fakeco fake-tts-1']],
  ])('%s has the models of both, each once', async (panel, models) => {
    const [first] = queries().filter((query) => query.board === 'models' && query.panel === panel);
    const rows = first && (await queryResult(first));
    expect(
      rows?.map(({ metric: { model_provider, model_name } }) => `${model_provider} ${model_name}`).toSorted(),
    ).toEqual(models);
  });

  test('values are correct for each agent', async () => {
    // Recorded series are evaluated once a minute, and duration series have no counts.
    const out = join(folder, 'raw');
    await promisify(execFile)(process.execPath, [
      join(root, 'dist/cli.js'),
      'generate',
      '--no-recording',
      '--out',
      out,
    ]);
    const raw = queries(join(out, 'dashboards'));
    const rows = async (board: string, panel: string, series: string) => {
      const query = raw.find(
        (one) => one.board === board && one.panel === panel && one.expr.includes(`increase(${series}`),
      );
      const figures = query ? await queryResult(query) : [];
      return Object.fromEntries(
        figures.map(({ metric, values }) => [
          [metric.agent_name, metric.tool].filter(Boolean).join(' '),
          values[0]?.[1] ?? 0,
        ]),
      );
    };
    // Prometheus extrapolates beyond the first and the last scrape: by less than a quarter here.
    const about = (count: number) =>
      expect.toSatisfy((figure: number) => figure >= count && figure < count * 1.5, `about ${count}`);
    expect(await rows('fleet', 'Agents', 'lk_agents_sessions_total')).toEqual({
      support: about(1),
      'support-agent': about(2),
    });
    expect(await rows('fleet', 'Agents', 'lk_agents_turns_total')).toEqual({
      // The count of the worker: with audio, a busy machine may detect an additional turn.
      support: about(
        (await latestValue('sum(last_over_time(lk_agents_turns_total{agent_name="support"}[1m]))')) ?? 0,
      ),
      'support-agent': about(7),
    });
    expect(await rows('tools', 'Tools, most failing first', 'lk_agents_tool_calls_total')).toMatchObject({
      'support list_charges': about(1),
      'support-agent bookTable': about(1),
    });
  });

  test('every query of every board succeeds', async () => {
    const refused: string[] = [];
    for (const query of queries()) {
      const refuse = (error: Error) => refused.push(`${query.board}: ${query.panel}: ${error.message}`);
      await queryResult(query).catch(refuse);
    }
    expect(refused).toEqual([]);
  });

  test('the gateway row shows accepted, refused and stored uploads', async () => {
    const drawn = async (panel: string) => {
      const query = queries().find(({ board, panel: title }) => board === 'health' && title === panel);
      return query ? await queryResult(query) : [];
    };
    const names = async (panel: string, label: string) =>
      (await drawn(panel)).map(({ metric }) => metric[label]).toSorted();
    expect(await names('Uploads by kind', 'kind')).toEqual(['logs', 'metrics', 'recordings', 'traces']);
    expect(await names('Refused by reason', 'reason')).toEqual(['unauthorized']);
    expect(await names('Sessions by who measures them', 'result')).toEqual([
      'failed',
      'insufficient_data',
      'measured',
      'observed',
    ]);
    expect((await drawn('Sessions in the store'))[0]?.values.at(-1)?.[1]).toBe(3);
    // This gateway forwards to no backend.
    expect(await drawn('Forwarded by destination')).toEqual([]);
  });

  test('panels and the alert about workers leave out the gateway', async () => {
    const of = (board: string, panel: string) =>
      queries().find((query) => query.board === board && query.panel === panel)?.expr ?? '';
    await soon(async () => {
      expect(await latestValue(of('workers', 'Workers'))).toBe(1);
      expect(await latestValue(of('health', 'Workers down'))).toBe(0);
    });
    const { groups } = parse(read('alerts/talkgauge.yml')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    const exprOf = (wanted: string) =>
      groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === wanted)?.expr ?? '';
    const down = async (alert: string) =>
      (await api.at(exprOf(alert), now())).map(({ metric }) => metric.job);
    await fleet.gateway.close();
    await fleet.worker.close();
    await eventually(
      async () => ((await latestValue('count(up == 0)')) === 2 ? true : undefined),
      'both to be down',
      60_000,
    );
    expect(await down('TalkgaugeWorkerDown')).toEqual(['livekit-agents']);
    expect(await down('TalkgaugeGatewayDown')).toEqual(['talkgauge-gateway']);
    // The panel reads a recorded series, which is evaluated after the scrape.
    await soon(async () => expect(await latestValue(of('health', 'Workers down'))).toBe(1));
  });
});
