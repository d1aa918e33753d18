import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  TimePickerBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Objectives } from '../../../catalogue/objectives.ts';
import { createRecords, type Records } from '../../logql/records.ts';
import { createQueries, type Queries } from '../../promql/queries.ts';
import type { Settings } from '../../settings.ts';
import { annotations } from './alerts.ts';
import {
  type BoardName,
  boardTag,
  boardTitles,
  menu,
  panelId,
  uidOf,
  withoutUnknownVariables,
} from './links.ts';
import type { PanelBuilder, Source } from './panel.ts';
import {
  callVariables,
  type Filter,
  filterMatchers,
  type Input,
  variables,
  withLabelFilters,
} from './variables.ts';

/** The inputs of a board's panels. */
export interface BoardContext {
  q: Queries;
  records: Records;
  objectives: Objectives;
  settings: Settings;
}

/** A heading, and panels from left to right; full lines are 24 columns. Without a title the panels just follow. */
export interface Row {
  title?: string;
  panels: readonly PanelBuilder[];
  /** Whether the reader has to open it. @default false */
  collapsed?: boolean;
}

/**
 * The refresh interval of a board, by its default time range. Rules record once a minute, so that a shorter interval has no
 * effect; over weeks, a point stands for hours.
 */
const refreshes = { 'now-3h': '1m', 'now-24h': '5m', 'now-7d': '15m', 'now-30d': '15m' } as const;

type TimeRange = keyof typeof refreshes;

export interface BoardSpec {
  name: BoardName;
  /** The question that it answers, as its description. */
  description: string;
  /** Filters beside agent and version. @default none */
  filters?: readonly Filter[];
  /** Data sources in addition to metrics. @default none */
  sources?: readonly Exclude<Source, 'metrics'>[];
  /** Text variables in addition to the filters. @default none */
  inputs?: readonly Input[];
  /** The time range that it opens with. @default the last three hours */
  from?: TimeRange;
  /** Whether its content is static. @default false */
  static?: boolean;
  rows(context: BoardContext): readonly Row[];
}

/** A dashboard in Grafana's classic schema, which Grafana 9 to 13 take from files and by import. */
export function board(spec: BoardSpec, settings: Settings): Dashboard {
  const { name, description, filters = [], sources = [], inputs = [], from = 'now-3h' } = spec;
  const q = createQueries({
    selector: settings.selector,
    where: filterMatchers(filters, settings.labels),
    worker: filters.includes('worker') ? { instance: { re: '$worker' } } : undefined,
    labels: settings.labels,
    window: '$__rate_interval',
    recorded: settings.recorded,
    byRange: settings.recorded,
  });
  const builder = new DashboardBuilder(boardTitles[name])
    .uid(uidOf(name))
    .description(description)
    .tags([boardTag, 'livekit'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .timezone('browser')
    .refresh(spec.static ? '' : refreshes[from])
    .timepicker(new TimePickerBuilder().refreshIntervals(['30s', '1m', '5m', '15m', '30m', '1h']))
    .variables([...variables(filters, settings), ...callVariables(sources, inputs, settings)])
    .annotations(annotations(q))
    .links([menu()]);
  const numbered = (panel: PanelBuilder): PanelBuilder => {
    const built = panel.build();
    built.id = panelId(name, built.title ?? '');
    return { build: () => built };
  };
  for (const { title, panels, collapsed = false } of spec.rows({
    q,
    records: createRecords(settings.service),
    objectives: settings.objectives,
    settings,
  })) {
    if (title !== undefined) {
      const row = new RowBuilder(title).id(panelId(name, `row ${title}`)).collapsed(collapsed);
      if (collapsed) for (const panel of panels) row.withPanel(numbered(panel));
      builder.withRow(row);
    }
    if (!collapsed) for (const panel of panels) builder.withPanel(numbered(panel));
  }
  const dashboard = withLabelFilters(builder.build(), settings.labels);
  return withoutUnknownVariables(
    dashboard,
    (dashboard.templating?.list ?? []).map((variable) => variable.name),
  );
}
