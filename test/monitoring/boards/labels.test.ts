import { describe, expect, test } from 'vitest';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { filteredByLabels } from '../../../src/monitoring/boards/panels/variables.ts';
import { recordingGroups } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { knownSeries } from '../bundle/known-series.ts';
import { grouped, selectors } from '../bundle/promql.ts';

const settings = settingsOf('standard', { labels: ['region'] });
const known = knownSeries(settings);

interface PanelJson {
  title: string;
  panels?: PanelJson[];
  targets?: { expr?: string; datasource?: { type?: string } }[];
}

const boards = dashboards(settings).map(({ name, dashboard }) => ({
  name,
  variables: dashboard.templating?.list?.map((variable) => variable.name) ?? [],
  queries: (dashboard.panels as unknown as PanelJson[])
    .flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .flatMap(({ title, targets = [] }) =>
      targets
        .filter(({ datasource }) => datasource?.type === 'prometheus')
        .map(({ expr = '' }) => ({ title, expr })),
    ),
}));

describe('boards with a custom label', () => {
  test.each(boards)('$name has a filter for the label', ({ variables }) => {
    expect(variables).toContain('region');
  });

  test.each(boards)('$name applies the filter to all series with the label', ({ queries }) => {
    const unfiltered = queries.flatMap(({ title, expr }) =>
      selectors(expr)
        .filter(({ name }) => known.get(name)?.has('region'))
        // The exception compares the chosen workers with those of other regions.
        .filter(({ name }) => !expr.includes(`(${name} unless on (job, instance) ${name}{`))
        .filter(({ matchers }) => !matchers.some(({ label }) => label === 'region'))
        .map(({ name }) => `${title}: ${name}`),
    );
    expect([...new Set(unfiltered)]).toEqual([]);
  });

  test('each recorded series and alert gets the filter once', () => {
    const filter = (expr: string) => filteredByLabels(expr, ['region']);
    expect(filter('sum(agent:a:ratio_1h) / agent:b:rate$window{x="y"}')).toBe(
      'sum(agent:a:ratio_1h{region=~"$region"}) / agent:b:rate$window{x="y", region=~"$region"}',
    );
    expect(filter('$level:c:rate5m{region=~"$region"}')).toBe('$level:c:rate5m{region=~"$region"}');
    expect(filter('ALERTS{alertstate="firing"}')).toBe('ALERTS{alertstate="firing", region=~"$region|"}');
    expect(filter('up and on (job) node:d:rate5m')).toBe('up and on (job) node:d:rate5m');
    expect(filteredByLabels('agent:a:ratio_1h', [])).toBe('agent:a:ratio_1h');
  });

  test('workers with the same name in two regions are two lines', () => {
    const workers = boards.find(({ name }) => name === 'workers')?.queries ?? [];
    const each = workers.filter(({ expr }) => grouped(expr).includes('instance'));
    expect(each.length).toBeGreaterThan(15);
    expect(each.filter(({ expr }) => !/by \([^)]*region, instance\)/.test(expr))).toEqual([]);
    expect(workers.filter(({ expr }) => /(?:on|by) \((?:job, )?instance\)/.test(expr))).toEqual([]);
  });
});

test('series of a target are grouped by all of its labels, because two clusters may have targets of the same name', () => {
  for (const chosen of [settings, settingsOf('standard'), settingsOf('standard', { recorded: false })]) {
    const boards = JSON.stringify(dashboards(chosen).map(({ dashboard }) => dashboard));
    const rules = JSON.stringify(recordingGroups(chosen));
    expect(`${boards}${rules}`).not.toMatch(/[-+*/] on \((?:job, )?instance\)/);
    expect(`${boards}${rules}`).toContain(' / go_sched_gomaxprocs_threads');
  }
});
