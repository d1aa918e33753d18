import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  levelPattern,
  levelQuery,
  resolutionPattern,
  resolutionQuery,
} from '../../src/monitoring/promql/recorded-series.ts';
import { installed, isMissing } from './programs.ts';
import { type RunningServer, startPrometheus } from './servers.mjs';

describe.skipIf(isMissing(...installed('prometheus')))('hidden variables of boards', () => {
  let prometheus: RunningServer;
  beforeAll(async () => {
    prometheus = await startPrometheus({ config: {} });
  });
  afterAll(() => prometheus?.stop());

  /** The options of a variable, as Grafana computes them from `query_result(…)` and a pattern with named groups. */
  async function options(query: string, pattern: string) {
    const response = await fetch(`${prometheus.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query }),
    });
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value: [at, value] }) => {
      const labels = Object.entries(metric).map(([name, of]) => `${name}="${of}"`);
      const groups = new RegExp(pattern.slice(1, -1)).exec(`{${labels.join(',')}} ${value} ${at * 1000}`);
      return groups?.groups ? { ...groups.groups } : groups?.[1];
    });
  }

  test.each([
    ['three hours', 10_800, { value: '5m', text: '60' }],
    ['six days', 518_400, { value: '5m', text: '60' }],
    ['a week', 604_800, { value: '30m', text: '1800' }],
    ['30 days', 2_592_000, { value: '30m', text: '1800' }],
  ])('of %s read the series that fit it', async (_, range, chosen) => {
    const query = resolutionQuery.replaceAll('$__range_s', `${range}`);
    expect(await options(query, resolutionPattern)).toEqual([chosen]);
  });

  test.each([
    ['no filter', '.*', 'agent'],
    ['one worker', '10\\\\.0\\\\.0\\\\.1:9464', 'worker'],
    ['two workers', '(a:9464|b:9464)', 'worker'],
  ])('with %s read the series of its level', async (_, filter, chosen) => {
    expect(await options(levelQuery.replaceAll('$worker', filter), levelPattern)).toEqual([chosen]);
  });
});
