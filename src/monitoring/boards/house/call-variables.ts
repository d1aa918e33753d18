import { DatasourceVariableBuilder, TextBoxVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Settings } from '../../settings.ts';
import type { Source } from './target.ts';

/** What the reader writes into a field on top of a board. */
export interface Input {
  name: string;
  label: string;
  description: string;
  /** What it begins with. */
  value: string;
}

const named = {
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
    const { label, type, setting } = named[source];
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
