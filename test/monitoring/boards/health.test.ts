import { expect, test } from 'vitest';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';

interface Shown {
  title: string;
  targets?: { expr?: string; legendFormat?: string }[];
}

/** The lines of a panel of Talkgauge's health, and what each asks. */
function linesOf(title: string, recorded: boolean): Record<string, string> {
  const { dashboard } = dashboards(settingsOf('standard', { recorded })).find(
    ({ name }) => name === 'health',
  )!;
  const panel = (dashboard.panels as unknown as Shown[]).find((shown) => shown.title === title);
  return Object.fromEntries(
    (panel?.targets ?? []).map(({ legendFormat = '', expr = '' }) => [legendFormat, expr]),
  );
}

test.each([
  [true, '$level:talkgauge_relay_throttled:rate$window'],
  [false, 'talkgauge_relay_throttled_total'],
])('a job that floods its worker shows beside the connections of jobs (recorded: %s)', (recorded, series) => {
  expect(linesOf('Jobs and their connections', recorded).pauses).toContain(series);
});

test.each([
  [true, 'gateway:talkgauge_gateway_read_refused:rate$window'],
  [false, 'talkgauge_gateway_read_refused_total'],
])(
  'requests to a gateway without a login show beside the uploads that it refused (recorded: %s)',
  (recorded, series) => {
    const lines = linesOf('Refused by reason', recorded);
    expect(lines['read: {{reason}}']).toContain(series);
    expect(Object.keys(lines)).toEqual(['{{reason}}', 'read: {{reason}}']);
  },
);
