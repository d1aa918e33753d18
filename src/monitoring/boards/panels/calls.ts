import { PanelBuilder as BarChartBuilder } from '@grafana/grafana-foundation-sdk/barchart';
import {
  LegendDisplayMode,
  LegendPlacement,
  LogsDedupStrategy,
  LogsSortOrder,
  SortOrder,
  StackingMode,
  TableCellHeight,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type RecordAttribute, segmentAttributes } from '../../../catalogue/conversation.ts';
import { label, withDefaults } from '../../logql/records.ts';
import { boardUrl } from './links.ts';
import { applyCommon, type PanelBuilder, type PanelSpec } from './panel.ts';
import { colouredText, optionalOverride } from './table.ts';
import { type Limits, segmentColours, thresholds } from './thresholds.ts';

/** Columns, often hidden, by which a row leads to its call. */
const callColumns = { job: 'Job', trace: 'Trace' } as const;

/**
 * The placeholder for an unknown id on the board of a call. A trace panel always sends its query: an invalid id, or one
 * that Tempo does not have, is an error; TraceQL that is false finds nothing.
 */
export const unknownCall = { job_id: 'none', trace_id: '{false}' } as const;

/** The board of the call that a row is of. */
const callUrl = (): string =>
  boardUrl('session', {
    job_id: `\${__data.fields["${callColumns.job}"]}`,
    trace_id: `\${__data.fields["${callColumns.trace}"]}`,
  });

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
export function recordsTable(spec: RecordsTableSpec): TableBuilder {
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
  const builder = applyCommon(
    new TableBuilder(),
    { ...rest, unit: 'short', targets: [{ expr: withDefaults(expr, missing), from: 'logs' }] },
    9,
  )
    .cellHeight(TableCellHeight.Sm)
    .minWidth(60)
    // A table sorts and colours numbers.
    .transformations([
      ...recordFields(names, numbers.map(label)),
      organizeFields(names, { ...Object.fromEntries(fields), ...hidden }),
    ])
    .overrideByName('Time', [
      // Of one call, the day says nothing.
      { id: 'unit', value: leads ? 'time:YYYY-MM-DD HH:mm:ss' : 'time:HH:mm:ss' },
      { id: 'custom.width', value: leads ? 160 : 80 },
      ...callLink(leads),
    ])
    .sortBy([{ build: () => ({ displayName: sortBy, desc: !ascending }) }]);
  for (const [index, { title, of, unit, decimals, limits, width }] of columns.entries()) {
    builder.overrideByName(title, [
      { id: 'noValue', value: '–' },
      ...optionalOverride('unit', unit),
      ...optionalOverride('decimals', decimals),
      ...optionalOverride('custom.width', width),
      // Of each row the time, the first column and the words: a table of links is hard to read.
      ...callLink(leads && (index === 0 || of === 'Line')),
      ...(limits ? [{ id: 'thresholds', value: thresholds(limits).build() }, ...colouredText] : []),
    ]);
  }
  for (const title of Object.values(hidden))
    builder.overrideByName(title, [{ id: 'custom.hidden', value: true }]);
  return builder;
}

const callLink = (leads: boolean): DynamicConfigValue[] =>
  leads ? [{ id: 'links', value: [{ title: 'Show the call', url: callUrl() }] }] : [];

/**
 * Converts Loki's labels of records to these fields, in this order. Some are converted to numbers, because Loki only has
 * texts.
 */
const recordFields = (names: readonly string[], numbers: readonly string[]) => [
  { id: 'extractFields', options: { source: 'labels', format: 'auto', replace: false } },
  { id: 'filterFieldsByName', options: { include: { names } } },
  {
    id: 'convertFieldType',
    options: {
      fields: {},
      conversions: numbers.map((targetField) => ({ targetField, destinationType: 'number' })),
    },
  },
];

/** Puts fields in this order, under other names, and leaves some out. */
const organizeFields = (
  names: readonly string[],
  renamed: Readonly<Record<string, string>>,
  left: Readonly<Record<string, boolean>> = {},
) => ({
  id: 'organize',
  options: {
    excludeByName: left,
    indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
    renameByName: renamed,
  },
});

export interface TracesSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  /** TraceQL, or the id of one trace. */
  expr: string;
}

export interface TraceTableSpec extends TracesSpec {
  /** The job that all of them are of, or the variable that has it. @default it is not known */
  job?: string;
}

/** One trace as a tree of its spans. The foundation SDK has no such panel: it is built from one that is alike. */
export function trace({ expr, ...rest }: TracesSpec): PanelBuilder {
  const spec = { ...rest, unit: 'short', targets: [{ expr, from: 'traces' as const }] };
  const built = applyCommon(new TableBuilder(), spec, 18).build();
  return { build: () => ({ ...built, type: 'traces', options: {} }) };
}

/** The traces that a search finds; each leads to its call. */
export const traceTable = ({ expr, job = unknownCall.job_id, ...rest }: TraceTableSpec): PanelBuilder =>
  applyCommon(
    new TableBuilder(),
    { ...rest, unit: 'short', targets: [{ expr, from: 'traces' }] },
    9,
  ).overrideByRegexp('/^(traceID|Trace ID)$/', [
    {
      id: 'links',
      value: [
        {
          title: 'Show the call',
          url: boardUrl('session', { job_id: job, trace_id: '${__value.raw}' }),
        },
      ],
    },
  ]);

export interface LogLinesSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  /** LogQL. */
  expr: string;
}

/** Lines as they were written, the oldest first; a click on one shows its attributes, and what it leads to. */
export const logLines = ({ expr, ...rest }: LogLinesSpec): LogsBuilder =>
  applyCommon(new LogsBuilder(), { ...rest, unit: 'short', targets: [{ expr, from: 'logs' }] }, 14)
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .dedupStrategy(LogsDedupStrategy.None)
    .sortOrder(LogsSortOrder.Ascending);

export interface WaterfallSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  /** LogQL of turns. */
  expr: string;
}

const segmentName = (attribute: string): keyof typeof segmentColours =>
  attribute.replace('lk.segment.', '') as keyof typeof segmentColours;

/** A bar for each turn, with the length of its latency, divided into segments. */
export function waterfall({ expr, ...rest }: WaterfallSpec): BarChartBuilder {
  const turn = label('lk.turn.number');
  const parts = segmentAttributes.map((attribute) => [label(attribute), segmentName(attribute)] as const);
  const names = ['Time', turn, ...parts.map(([name]) => name)];
  const builder = applyCommon(
    new BarChartBuilder(),
    { ...rest, unit: 'suffix: s', decimals: 1, min: 0, targets: [{ expr, from: 'logs' }] },
    14,
  )
    .transformations([
      ...recordFields(
        names,
        parts.map(([name]) => name),
      ),
      { id: 'sortBy', options: { fields: {}, sort: [{ field: 'Time', desc: false }] } },
      organizeFields(names, { [turn]: 'Turn', ...Object.fromEntries(parts) }, { Time: true }),
    ])
    .orientation(VizOrientation.Horizontal)
    .stacking(StackingMode.Normal)
    .xField('Turn')
    .showValue(VisibilityMode.Never)
    .barWidth(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.None));
  // The turn's number is a name: a unit would make a duration of it.
  builder.overrideByName('Turn', [{ id: 'unit', value: 'string' }]);
  for (const [, name] of parts) {
    builder.overrideByName(name, [
      { id: 'color', value: { mode: 'fixed', fixedColor: segmentColours[name] } },
    ]);
  }
  return builder;
}
