import { describe, expect, test } from 'vitest';
import { boardTitles } from '../../../src/monitoring/boards/house/links.ts';
import { alertingGroups } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { logqlProblems } from './call-queries.ts';
import { knownSeries, unknown } from './known.ts';
import { problems } from './promql.ts';
import { expressions, runbooks, unknownInRecords } from './runbook-queries.ts';

const settings = settingsOf('standard');
const known = knownSeries(settings);
const alerts = new Set(alertingGroups(settings).flatMap(({ rules }) => rules.map(({ alert }) => alert)));

describe.each(runbooks)('$file', ({ file, text }) => {
  test('has the chapters of a runbook, in their order', () => {
    expect(text.match(/^#+ .*/gm)).toEqual([
      `# ${file.replace('.md', '')}`,
      '## Meaning',
      '## First look',
      '## Likely causes',
      '## Mend',
      '## Silence',
    ]);
  });

  test('has PromQL that Prometheus takes, on series and labels that there are', () => {
    for (const expr of expressions(text, 'promql')) {
      expect(problems(expr), expr).toEqual([]);
      expect(unknown(expr, known), expr).toEqual([]);
    }
    expect(expressions(text, 'promql').length).toBeGreaterThan(0);
  });

  test('has LogQL that Loki takes, on records and attributes that there are', () => {
    for (const expr of expressions(text, 'logql')) {
      expect(logqlProblems(expr), expr).toEqual([]);
      expect(unknownInRecords(expr), expr).toEqual([]);
    }
  });

  test('leads to boards that there are', () => {
    const boards = [...text.matchAll(/\]\(\.\.\/boards\.md#([\w-]+)\)/g)].map(([, name]) => name);
    expect(boards.length).toBeGreaterThan(0);
    expect(boards.filter((name) => !Object.hasOwn(boardTitles, name ?? ''))).toEqual([]);
  });

  test('silences its own alert', () => {
    expect(text).toContain(`amtool silence add alertname=${file.replace('.md', '')}`);
    expect(alerts).toContain(file.replace('.md', ''));
  });
});

test('what is wrong with calls leads to the calls', () => {
  const withCalls = runbooks.filter(({ text }) => expressions(text, 'logql').length > 0);
  expect(withCalls.map(({ file }) => file.replace('.md', ''))).toEqual([
    'LiveKitAgentCostRunaway',
    'LiveKitAgentDeadAir',
    'LiveKitAgentEarlyHangups',
    'LiveKitAgentFalseInterruptions',
    'LiveKitAgentFirstResponseSlow',
    'LiveKitAgentInterruptionsHigh',
    'LiveKitAgentJobsCrashing',
    'LiveKitAgentNewVersionFailing',
    'LiveKitAgentNewVersionSlower',
    'LiveKitAgentProviderErrors',
    'LiveKitAgentRecordingsFailing',
    'LiveKitAgentSessionFailureBudgetBurn',
    'LiveKitAgentStuck',
    'LiveKitAgentTokenRunaway',
    'LiveKitAgentToolFailing',
    'LiveKitAgentToolSlow',
    'LiveKitAgentTurnLatencyAboveLastWeek',
    'LiveKitAgentTurnLatencyBudgetBurn',
    'LiveKitAgentTurnLatencyRegression',
    'LiveKitAgentUnansweredTurns',
  ]);
});

test('a query for a record or an attribute that there is not is found', () => {
  const agents = '{service_name="livekit-agents"} | lk_agent_name="AGENT"';
  expect(unknownInRecords(`${agents} | event_name="lk.turns" | lk_e2e_latency > 1`)).toEqual([
    'lk.turns',
    'lk_e2e_latency',
  ]);
  expect(unknownInRecords(`${agents} | event_name="lk.turn" | lk_duration > 1 or job_id="a"`)).toEqual([
    'lk_duration',
  ]);
});
