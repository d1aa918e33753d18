import { expect, test } from 'vitest';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';

interface PanelJson {
  title: string;
  targets?: { expr?: string; legendFormat?: string }[];
}

/** The legends of a panel of the health board, and their expressions. */
function linesOf(title: string, recorded: boolean): Record<string, string> {
  const { dashboard } = dashboards(settingsOf('standard', { recorded })).find(
    ({ name }) => name === 'health',
  )!;
  const panel = (dashboard.panels as unknown as PanelJson[]).find((each) => each.title === title);
  return Object.fromEntries(
    (panel?.targets ?? []).map(({ legendFormat = '', expr = '' }) => [legendFormat, expr]),
  );
}

test.each([
  [true, '$level:talkgauge_relay_throttled:rate$window'],
  [false, 'talkgauge_relay_throttled_total'],
])('throttled jobs are in the panel of job connections (recorded: %s)', (recorded, series) => {
  expect(linesOf('Jobs and their connections', recorded).pauses).toContain(series);
});

test.each([
  [true, 'gateway:talkgauge_gateway_read_refused:rate$window'],
  [false, 'talkgauge_gateway_read_refused_total'],
])(
  'unauthorized reads of a gateway are in the panel of refused uploads (recorded: %s)',
  (recorded, series) => {
    const lines = linesOf('Refused by reason', recorded);
    expect(lines['read: {{reason}}']).toContain(series);
    expect(Object.keys(lines)).toEqual(['{{reason}}', 'read: {{reason}}']);
  },
);
