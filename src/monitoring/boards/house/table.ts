import { TableCellHeight } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { colours, type Limits } from './limits.ts';
import { type BoardName, boardUrl } from './links.ts';
import { applied, type PanelSpec } from './panel.ts';

/** A column with a value of each row, from an instant query. */
export interface Column {
  title: string;
  expr: string;
  unit: string;
  decimals?: number;
  limits?: Limits;
  width?: number;
}

/** A column that names the row. */
export interface Key {
  /** The label. */
  label: string;
  title: string;
  /** Where a click leads, and the variable that is set to the value there. */
  link?: { board: BoardName; variable: string };
  width?: number;
}

export interface TableSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  keys: readonly Key[];
  columns: readonly Column[];
  /** The title of the column by which rows are sorted, the greatest first. @default the first column with values */
  sortBy?: string;
}

/** A row for each label set, a column for each query. */
export function table(spec: TableSpec): PanelBuilder {
  const { keys, columns, sortBy = columns[0]?.title, ...rest } = spec;
  const targets = columns.map(({ expr }) => ({ expr, as: 'table' as const }));
  const letter = (index: number) => String.fromCharCode(65 + index);
  // Grafana calls the value of a lone query `Value`, and those of several `Value #A`, `Value #B`.
  const value = (index: number) => (columns.length === 1 ? 'Value' : `Value #${letter(index)}`);
  const names = [...keys.map(({ label }) => label), ...columns.map((_, index) => value(index))];
  const builder = applied(new PanelBuilder(), { ...rest, unit: 'short', targets }, 8)
    .cellHeight(TableCellHeight.Sm)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
        renameByName: {
          ...Object.fromEntries(keys.map(({ label, title }) => [label, title])),
          ...Object.fromEntries(columns.map(({ title }, index) => [value(index), title])),
        },
      },
    });
  for (const { title, unit, decimals, limits, width } of columns) {
    builder.overrideByName(title, [
      { id: 'unit', value: unit },
      // A row may lack one of the values; that the whole table is empty is said by the panel.
      { id: 'noValue', value: '–' },
      ...given('decimals', decimals),
      ...given('custom.width', width),
      ...(limits
        ? [
            { id: 'thresholds', value: colours(limits).build() },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
            { id: 'custom.displayMode', value: 'color-text' },
          ]
        : []),
    ]);
  }
  for (const { title, link, width } of keys) {
    builder.overrideByName(title, [
      ...given('custom.width', width),
      ...(link
        ? [
            {
              id: 'links',
              value: [
                {
                  title: `Show \${__value.text}`,
                  url: boardUrl(link.board, { [link.variable]: '${__value.text}' }),
                },
              ],
            },
          ]
        : []),
    ]);
  }
  if (sortBy) builder.sortBy([{ build: () => ({ displayName: sortBy, desc: true }) }]);
  return builder;
}

const given = (id: string, value: unknown): DynamicConfigValue[] =>
  value === undefined ? [] : [{ id, value }];
