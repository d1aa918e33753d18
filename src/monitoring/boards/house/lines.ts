import { LogsDedupStrategy, LogsSortOrder } from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/logs';
import { applied, type PanelSpec } from './panel.ts';

export interface LinesSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  /** LogQL. */
  expr: string;
}

/** Lines as they were written, the oldest first; a click on one shows its attributes, and what it leads to. */
export const lines = ({ expr, ...rest }: LinesSpec): PanelBuilder =>
  applied(new PanelBuilder(), { ...rest, unit: 'short', targets: [{ expr, from: 'logs' }] }, 14)
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .dedupStrategy(LogsDedupStrategy.None)
    .sortOrder(LogsSortOrder.Ascending);
