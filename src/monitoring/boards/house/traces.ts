import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { unknownCall } from './call-link.ts';
import { boardUrl } from './links.ts';
import { applied, type PanelBuilder, type PanelSpec } from './panel.ts';

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
  const built = applied(new TableBuilder(), spec, 18).build();
  return { build: () => ({ ...built, type: 'traces', options: {} }) };
}

/** The traces that a search finds; each leads to its call. */
export const traceTable = ({ expr, job = unknownCall.job_id, ...rest }: TraceTableSpec): PanelBuilder =>
  applied(
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
