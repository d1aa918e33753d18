import { describe, expect, test } from 'vitest';
import { boardTitles } from '../../../src/monitoring/boards/panels/links.ts';
import { alertingGroups } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { logqlProblems } from './call-queries.ts';
import { knownSeries, unknown } from './known-series.ts';
import { problems } from './promql.ts';
import { expressions, runbooks, unknownInRecords } from './runbook-queries.ts';

const settings = settingsOf('standard');
const known = knownSeries(settings);
const alerts = new Set(alertingGroups(settings).flatMap(({ rules }) => rules.map(({ alert }) => alert)));

describe.each(runbooks)('$file', ({ file, text }) => {
  test('has the sections of a runbook in order', () => {
    const sections = text.match(/^#+ .*/gm) ?? [];
    expect(sections).toEqual([
      `# ${file.replace('.md', '')}`,
      '## Meaning',
      '## Impact',
      '## Diagnosis',
      '## Likely causes',
      '## Mitigation',
      '## Silence',
    ]);
  });

  test('has valid PromQL on known series and labels', () => {
    for (const expr of expressions(text, 'promql')) {
      expect(problems(expr), expr).toEqual([]);
      expect(unknown(expr, known), expr).toEqual([]);
    }
    expect(expressions(text, 'promql').length).toBeGreaterThan(0);
  });

  test('has valid LogQL on known records and attributes', () => {
    for (const expr of expressions(text, 'logql')) {
      expect(logqlProblems(expr), expr).toEqual([]);
      expect(unknownInRecords(expr), expr).toEqual([]);
    }
  });

  test('links to existing boards', () => {
    const boards = [...text.matchAll(/\]\(\.\.\/boards\.md#([\w-]+)\)/g)].map(([, name]) => name);
    expect(boards.length).toBeGreaterThan(0);
    expect(boards.filter((name) => !Object.hasOwn(boardTitles, name ?? ''))).toEqual([]);
  });

  test('has a command that silences its own alert', () => {
    expect(text).toContain(`amtool silence add alertname=${file.replace('.md', '')}`);
    expect(alerts).toContain(file.replace('.md', ''));
  });
});

test('the runbook of label overflow has the retention time and the limit of label values', () => {
  const { text } = runbooks.find(({ file }) => file === 'TalkgaugeLabelOverflow.md')!;
  // test/metrics/series-table.test.ts tests that the worker does this.
  expect(text).toContain('values that have not been seen for six hours are forgotten');
  expect(text).toContain('more than 200 values within six hours');
});

/** Alerts with a cause that is visible in no single call. */
const notAboutCalls = [
  'LiveKitAgentCacheHitDrop',
  'LiveKitAgentCallsStopped',
  'LiveKitAgentModelLatencyRegression',
  'LiveKitAgentUsageUnpriced',
];

test('the runbook of every alert about calls links to the calls', () => {
  const without = runbooks.filter(({ text }) => expressions(text, 'logql').length === 0);
  expect(
    without.map(({ file }) => file.replace('.md', '')).filter((name) => name.startsWith('LiveKitAgent')),
  ).toEqual(notAboutCalls);
});

test('queries for unknown records or attributes are found', () => {
  const agents = '{service_name="livekit-agents"} | lk_agent_name="AGENT"';
  expect(unknownInRecords(`${agents} | event_name="lk.turns" | lk_e2e_latency > 1`)).toEqual([
    'lk.turns',
    'lk_e2e_latency',
  ]);
  expect(unknownInRecords(`${agents} | event_name="lk.turn" | lk_duration > 1 or job_id="a"`)).toEqual([
    'lk_duration',
  ]);
});
