import { expect, test } from 'vitest';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { timeseries } from '../../../src/monitoring/boards/panels/charts.ts';
import { withoutUnknownVariables } from '../../../src/monitoring/boards/panels/links.ts';
import { table } from '../../../src/monitoring/boards/panels/table.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';

const common = { description: 'A panel for a test.', width: 24, empty: 'Nothing' };

test('links forward exactly the variables of their board', () => {
  for (const { name, dashboard } of dashboards(settingsOf('standard'))) {
    const has = new Set(dashboard.templating?.list?.map((variable) => variable.name));
    const handed = [...JSON.stringify(dashboard).matchAll(/\$\{(\w+):queryparam\}/g)].map(([, of]) => of);
    expect(
      handed.filter((variable) => !has.has(variable ?? '')),
      name,
    ).toEqual([]);
  }
  expect(
    withoutUnknownVariables({ url: '/d/x?a&${agent:queryparam}&${model:queryparam}' }, ['agent']),
  ).toEqual({
    url: '/d/x?a&${agent:queryparam}',
  });
});

test('a link of a table value sets the agent of its row', () => {
  const panel = table({
    ...common,
    title: 'Agents',
    keys: [{ label: 'agent_name', title: 'Agent', link: { board: 'latency', variable: 'agent' } }],
    columns: [{ title: 'Slow', unit: 'percentunit', expr: 'up', next: 'slo' }],
  }).build();
  const text = JSON.stringify(panel.fieldConfig?.overrides);
  expect(text).toContain('/d/talkgauge-slo?');
  expect(text).toContain('var-agent=${__data.fields[\\"Agent\\"]}');
  expect(text).toContain('"title":"Show Service levels"');
});

test('value mappings have texts and colours', () => {
  const panel = table({
    ...common,
    title: 'Versions',
    keys: [],
    columns: [
      { title: 'Verdict', unit: 'short', expr: 'up', wording: { '1': { text: 'worse', colour: 'red' } } },
    ],
  }).build();
  const properties = panel.fieldConfig?.overrides[0]?.properties;
  expect(properties).toContainEqual({
    id: 'mappings',
    value: [{ type: 'value', options: { '1': { text: 'worse', index: 0, color: 'red' } } }],
  });
  expect(properties).toContainEqual({ id: 'custom.displayMode', value: 'color-text' });
});

test('a chart draws a line for each threshold, and stacks shares to 100 %', () => {
  const chart = timeseries({
    ...common,
    title: 'Burn rate',
    unit: 'short',
    draw: 'shares',
    limit: [
      { at: 1, colour: 'orange' },
      { at: 14.4, colour: 'red' },
    ],
    targets: [{ expr: 'up' }],
  }).build();
  expect(chart.fieldConfig?.defaults.thresholds?.steps).toEqual([
    { value: null, color: 'transparent' },
    { value: 1, color: 'orange' },
    { value: 14.4, color: 'red' },
  ]);
  expect(chart.fieldConfig?.defaults.custom).toMatchObject({ stacking: { mode: 'percent' } });
});
