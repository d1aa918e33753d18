import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { boardTitles } from '../../../src/monitoring/boards/panels/links.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { logqlProblems, traceqlProblems } from './call-queries.ts';
import { knownSeries, unknown } from './known-series.ts';
import { problems } from './promql.ts';

/** The part of Grafana's schema that these tests read. */
type PanelJson = Omit<Panel, 'targets'> & {
  type: string;
  panels?: PanelJson[];
  options?: Record<string, unknown>;
  fieldConfig?: { defaults: { unit?: string; noValue?: string } };
  targets?: { expr?: string; query?: string; refId: string; datasource?: { type?: string } }[];
};

const panelsOf = ({ panels = [] }: Dashboard): PanelJson[] =>
  (panels as unknown as PanelJson[]).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
const chartsOf = (dashboard: Dashboard) => panelsOf(dashboard).filter(({ type }) => type !== 'row');

/** Expressions of panels for a kind of data source, with their locations. */
const expressionsFor = (dashboard: Dashboard, kind: 'prometheus' | 'loki' | 'tempo'): [string, string][] =>
  chartsOf(dashboard).flatMap(({ title, targets = [] }) =>
    targets
      .filter(({ datasource }) => datasource?.type === kind)
      .map(({ expr, query, refId }) => [`${title} ${refId}`, expr ?? query ?? ''] as [string, string]),
  );

/** Expressions of panels and annotations, with their locations. */
function expressions(dashboard: Dashboard): [string, string][] {
  const panelExpressions = expressionsFor(dashboard, 'prometheus');
  const annotations = (dashboard.annotations?.list ?? []).map(
    ({ name, expr = '' }) => [name, expr] as [string, string],
  );
  return [...panelExpressions, ...annotations];
}

const variants = {
  standard: settingsOf('standard'),
  'no recorded series, own labels': settingsOf('strict', {
    recorded: false,
    selector: ['job="voice"'],
    labels: ['region'],
  }),
};

describe.each(Object.entries(variants))('boards for %s', (_, settings) => {
  const known = knownSeries(settings);

  describe.each(dashboards(settings).map(({ name, dashboard }) => [name, dashboard] as const))(
    '%s',
    (name, dashboard) => {
      test('every Prometheus expression is valid PromQL over known series, labels and values', () => {
        const wrong = expressions(dashboard).flatMap(([where, expr]) =>
          [...problems(expr), ...unknown(expr, known)].map((problem) => `${where}: ${problem}: ${expr}`),
        );
        expect(wrong).toEqual([]);
      });

      test('every other expression is valid LogQL or TraceQL', () => {
        const wrong = [
          ...expressionsFor(dashboard, 'loki').flatMap(([where, expr]) =>
            logqlProblems(expr).map((p) => `${where}: ${p}: ${expr}`),
          ),
          ...expressionsFor(dashboard, 'tempo').flatMap(([where, expr]) =>
            traceqlProblems(expr).map((p) => `${where}: ${p}: ${expr}`),
          ),
        ];
        expect(wrong).toEqual([]);
      });

      test('every panel has a description, a unit and a text for no data', () => {
        for (const { type, title, description, fieldConfig } of chartsOf(dashboard)) {
          expect(title, JSON.stringify({ type, title })).toBeTruthy();
          expect(description?.length ?? 0, title).toBeGreaterThan(30);
          if (type === 'text') continue;
          expect(fieldConfig?.defaults.unit, title).toBeTruthy();
          expect(fieldConfig?.defaults.noValue, title).toBeTruthy();
        }
      });

      test('ids are unique, the uid is stable, and panels fill their rows without overlap', () => {
        const ids = panelsOf(dashboard).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(dashboard.uid).toBe(`talkgauge-${name}`);
        const cells = new Set<string>();
        for (const { gridPos, title } of (dashboard.panels as unknown as PanelJson[]).filter(
          (panel) => panel.gridPos,
        )) {
          const { x, y, w, h } = gridPos!;
          expect(x + w, title).toBeLessThanOrEqual(24);
          for (let column = x; column < x + w; column++) {
            for (let line = y; line < y + h; line++) {
              expect(cells.has(`${column},${line}`), `${title} overlaps another panel`).toBe(false);
              cells.add(`${column},${line}`);
            }
          }
        }
      });

      test('queries use the selected data source, and links lead to existing boards', () => {
        const text = JSON.stringify(dashboard);
        const sources = new Set(
          [...text.matchAll(/"datasource":\{[^}]*"uid":"([^"]*)"/g)].map(([, uid]) => uid),
        );
        const variables = dashboard.templating?.list?.map((variable) => `\${${variable.name}}`) ?? [];
        expect([...sources].filter((uid) => !variables.includes(uid ?? ''))).toEqual([]);
        for (const [, target = ''] of text.matchAll(/\/d\/talkgauge-([a-z-]+)/g)) {
          expect(Object.keys(boardTitles)).toContain(target);
        }
      });
    },
  );
});

test('for every time range and worker filter, the selected recorded series exist', () => {
  const known = knownSeries(variants.standard);
  const chosen = new Set(
    dashboards(variants.standard).flatMap(({ dashboard }) =>
      expressions(dashboard).flatMap(([, expr]) => expr.match(/(?:\$level|[a-z]+):[\w:]+\$window/g) ?? []),
    ),
  );
  const names = [...chosen].flatMap((name) =>
    ['5m', '30m'].flatMap((window) =>
      ['agent', 'worker'].map((level) => name.replace('$window', window).replace('$level', level)),
    ),
  );
  expect(chosen).toContain('$level:lk_agents_job_exits:rate$window');
  expect(chosen).toContain('agent:lk_agents_turn_e2e_latency_seconds_bucket:rate$window');
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

test('the refresh interval of a board fits its time range, and the runbook board does not refresh', () => {
  expect(
    Object.fromEntries(
      dashboards(variants.standard).map(({ name, dashboard }) => [
        name,
        [dashboard.time?.from, dashboard.refresh],
      ]),
    ),
  ).toEqual({
    fleet: ['now-3h', '1m'],
    latency: ['now-3h', '1m'],
    'turn-taking': ['now-3h', '1m'],
    models: ['now-3h', '1m'],
    realtime: ['now-3h', '1m'],
    slo: ['now-30d', '15m'],
    releases: ['now-24h', '5m'],
    cost: ['now-7d', '15m'],
    tools: ['now-3h', '1m'],
    sessions: ['now-3h', '1m'],
    session: ['now-24h', '5m'],
    workers: ['now-3h', '1m'],
    transport: ['now-3h', '1m'],
    health: ['now-3h', '1m'],
    runbooks: ['now-3h', ''],
  });
});

test('syntax errors in queries of Loki and Tempo are found', () => {
  expect(logqlProblems('{service_name="x"} | event_name="lk.turn" | lk_e2e_latency>=$slower')).toEqual([]);
  expect(logqlProblems('{service_name="x"} | event_name=')).not.toEqual([]);
  expect(logqlProblems('sum(count_over_time({service_name="x"} [$__range])')).not.toEqual([]);
  expect(traceqlProblems('{ name = "agent_turn" && span.lk.e2e_latency > 1.0 * $slower }')).toEqual([]);
  expect(traceqlProblems('{ name = "agent_turn" && }')).not.toEqual([]);
});

test('both boards of calls query Loki and Tempo', () => {
  const boards = dashboards(variants.standard).filter(({ name }) => name.startsWith('session'));
  const counts = boards.map(({ name, dashboard }) => [
    name,
    expressionsFor(dashboard, 'loki').length,
    expressionsFor(dashboard, 'tempo').length,
  ]);
  expect(counts).toEqual([
    ['sessions', 9, 2],
    ['session', 9, 2],
  ]);
});

test('each entry of the menu has a board', () => {
  expect(dashboards(variants.standard).map(({ name }) => name)).toEqual(Object.keys(boardTitles));
});

test('boards and panels excluded from a rule of dashboard-linter exist', () => {
  const { exclusions } = parse(readFileSync(join(import.meta.dirname, '../../../.lint'), 'utf8')) as {
    exclusions: Record<string, { entries?: { dashboard: string; panel?: string }[] }>;
  };
  const titles = dashboards(variants.standard).flatMap(({ dashboard }) => [
    dashboard.title,
    ...panelsOf(dashboard).map(({ title }) => `${dashboard.title}: ${title}`),
  ]);
  const excluded = Object.values(exclusions)
    .flatMap(({ entries = [] }) => entries)
    .map(({ dashboard, panel }) => (panel === undefined ? dashboard : `${dashboard}: ${panel}`));
  expect(excluded.length).toBeGreaterThan(5);
  expect(excluded.filter((name) => !titles.includes(name))).toEqual([]);
});
