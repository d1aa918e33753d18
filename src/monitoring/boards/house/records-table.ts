import { TableCellHeight } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { RecordAttribute } from '../../../catalogue/conversation.ts';
import { filled, label } from '../../logql/records.ts';
import { callColumns, callUrl, unknownCall } from './call-link.ts';
import { colours, type Limits } from './limits.ts';
import { applied, type PanelSpec } from './panel.ts';
import { arranged, recordFields } from './record-fields.ts';

/** A column of a table of records: an attribute, or what every line has. */
export interface RecordColumn {
  title: string;
  of: RecordAttribute | 'lk.agent_name' | 'lk.agent_version' | 'Line';
  /** For attributes that are numbers. @default it is a text */
  unit?: string;
  decimals?: number;
  limits?: Limits;
  width?: number;
}

export interface RecordsTableSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  /** LogQL. */
  expr: string;
  columns: readonly RecordColumn[];
  /** The title of the column by which rows are sorted, the greatest first. @default Time */
  sortBy?: string;
  /** Whether the least comes first. @default false */
  ascending?: boolean;
  /** Whether rows lead to their call. @default true */
  leads?: boolean;
}

/** A row for each record: when, and its attributes. */
export function recordsTable(spec: RecordsTableSpec): PanelBuilder {
  const { expr, columns, sortBy = 'Time', ascending = false, leads = true, ...rest } = spec;
  const hidden: Record<string, string> = leads
    ? { job_id: callColumns.job, trace_id: callColumns.trace }
    : {};
  const fields = columns.map(({ of, title }) => [of === 'Line' ? 'Line' : label(of), title] as const);
  const numbers = columns.flatMap(({ of, unit }) => (unit === undefined ? [] : [of as RecordAttribute]));
  const names = ['Time', ...fields.map(([name]) => name), ...Object.keys(hidden)];
  const missing = {
    // What makes a column of numbers of it (in Grafana 9) falls over what is not there.
    ...Object.fromEntries(numbers.map((of) => [label(of), '-'])),
    ...(leads && unknownCall),
  };
  const builder = applied(
    new PanelBuilder(),
    { ...rest, unit: 'short', targets: [{ expr: filled(expr, missing), from: 'logs' }] },
    9,
  )
    .cellHeight(TableCellHeight.Sm)
    .minWidth(60)
    // A table sorts and colours numbers.
    .transformations([
      ...recordFields(names, numbers.map(label)),
      arranged(names, { ...Object.fromEntries(fields), ...hidden }),
    ])
    .overrideByName('Time', [
      // Of one call, the day says nothing.
      { id: 'unit', value: leads ? 'time:YYYY-MM-DD HH:mm:ss' : 'time:HH:mm:ss' },
      { id: 'custom.width', value: leads ? 160 : 80 },
      ...leading(leads),
    ])
    .sortBy([{ build: () => ({ displayName: sortBy, desc: !ascending }) }]);
  for (const [index, { title, of, unit, decimals, limits, width }] of columns.entries()) {
    builder.overrideByName(title, [
      { id: 'noValue', value: '–' },
      ...given('unit', unit),
      ...given('decimals', decimals),
      ...given('custom.width', width),
      // Of each row the time, the first column and the words: a table of links is hard to read.
      ...leading(leads && (index === 0 || of === 'Line')),
      ...(limits ? [{ id: 'thresholds', value: colours(limits).build() }, ...colouredText] : []),
    ]);
  }
  for (const title of Object.values(hidden))
    builder.overrideByName(title, [{ id: 'custom.hidden', value: true }]);
  return builder;
}

const leading = (leads: boolean): DynamicConfigValue[] =>
  leads ? [{ id: 'links', value: [{ title: 'Show the call', url: callUrl() }] }] : [];

/** How a cell is coloured: by the one name in Grafana 10 and later, by the other before. */
const colouredText: readonly DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: 'color-text' } },
  { id: 'custom.displayMode', value: 'color-text' },
];

const given = (id: string, value: unknown): DynamicConfigValue[] =>
  value === undefined ? [] : [{ id, value }];
