import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  level,
  levelPattern,
  levelQuery,
  recordedWindow,
  recordingInterval,
  resolution,
  resolutionPattern,
  resolutionQuery,
} from '../../promql/recorded-series.ts';
import { type Matchers, selector } from '../../promql/series.ts';
import { knownWorkers } from '../../rules/dashboards.ts';
import type { Settings } from '../../settings.ts';
import { datasource, type Source } from './panel.ts';

/** What a board can be filtered by, beside agent, version and the labels of the user's own, by which all can. */
export type Filter = 'provider' | 'model' | 'tool' | 'worker';

const requests = '__name__=~"lk_agents_(llm|stt|tts|realtime)_requests_total"';

interface Choice {
  label: string;
  /** The label whose values are offered. */
  of: string;
  /** The series that are asked for it, without the settings' matchers. */
  from: { name: string; where: readonly string[] };
}

const agent = 'agent_name=~"$agent"';

const choices: Readonly<Record<'agent' | 'version' | Filter, Choice>> = {
  agent: { label: 'Agent', of: 'agent_name', from: { name: 'lk_agents_sessions_active', where: [] } },
  version: {
    label: 'Version',
    of: 'agent_version',
    from: { name: 'lk_agents_sessions_active', where: [agent] },
  },
  provider: { label: 'Provider', of: 'model_provider', from: { name: '', where: [requests, agent] } },
  model: {
    label: 'Model',
    of: 'model_name',
    from: { name: '', where: [requests, agent, 'model_provider=~"$provider"'] },
  },
  tool: { label: 'Tool', of: 'tool', from: { name: 'lk_agents_tool_calls_total', where: [agent] } },
  worker: { label: 'Worker', of: 'instance', from: { name: 'lk_agents_worker_load', where: [] } },
};

/** How the filters narrow what a board asks for; `instance` is a filter of its own, see `Scope.worker`. */
export const filterMatchers = (filters: readonly Filter[], labels: readonly string[]): Matchers =>
  Object.fromEntries([
    ...(['agent', 'version', ...filters] as const)
      .filter((name) => name !== 'worker')
      .map((name) => [choices[name].of, { re: `$${name}` }] as const),
    ...labels.map((label) => [label, { re: `$${label}` }] as const),
  ]);

/** A variable that the reader does not see, for he has no choice: what is set elsewhere decides which recorded series are read. */
function hidden(name: string, label: string, query: string, pattern: string, current: [string, string]) {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query: `query_result(${query})`, refId: name })
    .definition(`query_result(${query})`)
    .regex(pattern)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .hide(VariableHide.HideVariable)
    .current({ selected: true, text: current[0], value: current[1] })
    .build();
  // Links would bring it along to boards of another time range.
  return { build: () => ({ ...variable, skipUrlSync: true }) };
}

const byRange = () =>
  hidden(resolution.variable, 'Window', resolutionQuery, resolutionPattern, [
    `${recordingInterval}`,
    recordedWindow,
  ]);

const byWorker = () => hidden(level.variable, 'Level', levelQuery, levelPattern, ['agent', 'agent']);

/** The data source, then the filters from the widest to the narrowest. */
export function variables(filters: readonly Filter[], settings: Settings) {
  const source = new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
  // Without a choice Grafana takes the first by name, whichever its own default is.
  const chosen = settings.datasource ?? 'default';
  source.current({ selected: true, text: chosen, value: chosen });
  const own = settings.labels.map((label) =>
    filter(label, {
      label,
      of: label,
      from: { name: 'lk_agents_sessions_active', where: [] },
    }),
  );
  return [
    source,
    ...(settings.recorded ? [byRange()] : []),
    ...own,
    ...(['agent', 'version', ...filters] as const).map((name) => filter(name, choices[name])),
    ...(settings.recorded && filters.includes('worker') ? [byWorker()] : []),
  ];

  function filter(name: string, { label, of, from }: Choice) {
    const query = `label_values(${selector(from.name, [...settings.selector, ...from.where])}, ${of})`;
    return new QueryVariableBuilder(name)
      .label(label)
      .datasource(datasource)
      .query({ query, refId: name })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ selected: true, text: ['All'], value: ['$__all'] });
  }
}

/** What the reader writes into a field on top of a board. */
export interface Input {
  name: string;
  label: string;
  description: string;
  /** What it begins with. */
  value: string;
}

const dataSourceVariables = {
  logs: { label: 'Logs', type: 'loki', setting: 'logsDatasource' },
  traces: { label: 'Traces', type: 'tempo', setting: 'tracesDatasource' },
} as const;

/** Where logs and traces are, and what the reader writes. */
export function callVariables(
  sources: readonly Exclude<Source, 'metrics'>[],
  inputs: readonly Input[],
  settings: Settings,
) {
  const chosen = sources.map((source) => {
    const { label, type, setting } = dataSourceVariables[source];
    const variable = new DatasourceVariableBuilder(source).label(label).type(type);
    const uid = settings[setting];
    return uid === undefined ? variable : variable.current({ selected: true, text: uid, value: uid });
  });
  const written = inputs.map(({ name, label, description, value }) =>
    new TextBoxVariableBuilder(name)
      .label(label)
      .description(description)
      .defaultValue(value)
      .current({ selected: true, text: value, value }),
  );
  return [...chosen, ...written];
}

/** A recorded series that keeps the user's labels, or what Prometheus says of alerts, with its matchers. */
const filtered =
  /(?<![\w:$])((?:agent|version|component|worker|\$level):[\w:$]+|ALERTS(?:_FOR_STATE)?)(?:\{([^}]*)\})?/g;

/**
 * PromQL in which the filters by the user's own labels hold for every recorded series, too: `derived` series are named without
 * regard to them. Alerts need not have these labels.
 */
export const filteredByLabels = (expr: string, labels: readonly string[]): string =>
  labels.length === 0
    ? expr
    : expr.replaceAll(filtered, (found, name: string, matchers = '') => {
        // The workers of other agents can only be determined from all workers.
        if (name === knownWorkers && matchers === '') return found;
        const missing = labels.filter((label) => !new RegExp(`\\b${label}=~`).test(matchers));
        const own = missing.map((label) => `${label}=~"$${label}${name.startsWith('ALERTS') ? '|' : ''}"`);
        const all = [...(matchers === '' ? [] : [matchers]), ...own];
        return all.length === 0 ? name : `${name}{${all.join(', ')}}`;
      });

/** A board in which this holds for all queries. */
export const withLabelFilters = <B extends object>(board: B, labels: readonly string[]): B =>
  labels.length === 0
    ? board
    : JSON.parse(JSON.stringify(board), (key, value) =>
        key === 'expr' && typeof value === 'string' ? filteredByLabels(value, labels) : value,
      );
