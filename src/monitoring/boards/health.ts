import { gatewayRows } from './health/gateway.ts';
import { reportRows } from './health/reports.ts';
import { ruleRows } from './health/rules.ts';
import { sampleRows } from './health/samples.ts';
import { trustRows } from './health/trust.ts';
import type { BoardSpec } from './house/board.ts';

/** Talkgauge on itself. */
export const health: BoardSpec = {
  name: 'health',
  description: 'Can I trust the other boards?',
  filters: ['worker'],
  rows: (context) => [
    ...trustRows(context),
    ...sampleRows(context),
    ...reportRows(context),
    ...gatewayRows(context),
    ...ruleRows(),
  ],
};
