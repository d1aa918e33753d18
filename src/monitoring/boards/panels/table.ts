import { TableCellHeight } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type BoardName, boardTitles, boardUrl } from './links.ts';
import { applyCommon, type PanelSpec } from './panel.ts';
import {
  type Limits,
  palette,
  singleColour,
  thresholds,
  type ValueTexts,
  valueMappings,
} from './thresholds.ts';

/** A column with a value of each row, from an instant query. */
export interface Column {
  title: string;
  expr: string;
  unit: string;
  decimals?: number;
  limits?: Limits;
  /** Words for some values. @default the value, in its unit */
  wording?: ValueTexts;
  width?: number;
  /** Where a click leads, with the row's keys set as their links set them. */
  next?: BoardName;
}

/** A column that names the row. */
export interface Key {
  /** The label. */
  label: string;
  title: string;
  /** Where a click leads, and the variable that is set to the value there. */
  link?: { board: BoardName; variable: string };
  /** Where else a click leads; `${__data.fields.Title}` is what another column shows. */
  url?: string;
  /** Words for some values. @default the value */
  wording?: ValueTexts;
  /** Whether it is only there for `url` of others. @default false */
  hidden?: boolean;
  width?: number;
}

export interface TableSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  keys: readonly Key[];
  columns: readonly Column[];
  /** The title of the column by which rows are sorted, the greatest first. @default the first column with values */
  sortBy?: string;
  /** Whether the least comes first. @default false */
  ascending?: boolean;
}

/** A row for each label set, a column for each query. */
export function table(spec: TableSpec): PanelBuilder {
  const { keys, columns, sortBy = columns[0]?.title, ascending = false, ...rest } = spec;
  const targets = columns.map(({ expr }) => ({ expr, as: 'table' as const }));
  const letter = (index: number) => String.fromCharCode(65 + index);
  // Grafana calls the value of a lone query `Value`, and those of several `Value #A`, `Value #B`.
  const value = (index: number) => (columns.length === 1 ? 'Value' : `Value #${letter(index)}`);
  const names = [...keys.map(({ label }) => label), ...columns.map((_, index) => value(index))];
  const builder = applyCommon(new PanelBuilder(), { ...rest, unit: 'short', targets }, 8)
    .cellHeight(TableCellHeight.Sm)
    // Grafana's 150 pixels make a table of ten columns scroll sideways.
    .minWidth(60)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, __name__: true },
        indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
        renameByName: {
          ...Object.fromEntries(keys.map(({ label, title }) => [label, title])),
          ...Object.fromEntries(columns.map(({ title }, index) => [value(index), title])),
        },
      },
    });
  // Grafana 9 always left-aligns values with links; the others are aligned with them.
  const linked = columns.some(({ next }) => next);
  const row = Object.fromEntries(
    keys.flatMap(({ title, link }) => (link ? [[link.variable, `\${__data.fields["${title}"]}`]] : [])),
  );
  for (const { title, unit, decimals, limits, wording: valueTexts, width, next } of columns) {
    builder.overrideByName(title, [
      { id: 'unit', value: unit },
      // The text of an empty panel does not fit into a cell.
      { id: 'noValue', value: '–' },
      ...optionalOverride('decimals', decimals),
      ...optionalOverride('custom.align', linked ? 'left' : undefined),
      ...optionalOverride('custom.width', width),
      ...valueTextOverrides(valueTexts),
      ...optionalOverride(
        'links',
        next && [{ title: `Show ${boardTitles[next]}`, url: boardUrl(next, row) }],
      ),
      ...(limits ? [{ id: 'thresholds', value: thresholds(limits).build() }, ...colouredText] : []),
    ]);
  }
  for (const { title, link, url, wording: valueTexts, hidden, width } of keys) {
    const target = link ? boardUrl(link.board, { [link.variable]: '${__value.text}' }) : url;
    builder.overrideByName(title, [
      ...optionalOverride('custom.width', width),
      ...optionalOverride('custom.hidden', hidden),
      { id: 'noValue', value: '–' },
      ...valueTextOverrides(valueTexts),
      ...optionalOverride('links', target && [{ title: 'Show ${__value.text}', url: target }]),
    ]);
  }
  if (sortBy) builder.sortBy([{ build: () => ({ displayName: sortBy, desc: !ascending }) }]);
  return builder;
}

/** How a cell is coloured: by the one name in Grafana 10 and later, by the other before. */
export const colouredText: readonly DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: 'color-text' } },
  { id: 'custom.displayMode', value: 'color-text' },
];

/** Words for values, in their colours if they have some. */
function valueTextOverrides(valueTexts: ValueTexts | undefined): DynamicConfigValue[] {
  if (!valueTexts) return [];
  const mappings = { id: 'mappings', value: valueMappings(valueTexts) };
  if (!Object.values(valueTexts).some(({ colour }) => colour !== undefined)) return [mappings];
  return [mappings, { id: 'thresholds', value: singleColour(palette.quiet).build() }, ...colouredText];
}

export const optionalOverride = (id: string, value: unknown): DynamicConfigValue[] =>
  value === undefined ? [] : [{ id, value }];
