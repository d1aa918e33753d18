import type { BoardSpec } from './house/board.ts';
import { table } from './house/table.ts';
import { loadRows, noWorkers } from './workers/load.ts';
import { busyLoop, workerMeasures } from './workers/measures.ts';
import { processRows } from './workers/processes.ts';

/** The processes that take jobs. */
export const workers: BoardSpec = {
  name: 'workers',
  description: 'Do I need more workers, or is one of them sick?',
  filters: ['worker'],
  rows: (context) => {
    const { loadThreshold, workerLoad, sessionSuccess } = context.objectives;
    const of = workerMeasures(context.q);
    return [
      ...loadRows(context),
      {
        panels: [
          table({
            title: 'Worker by worker',
            description:
              'Every worker, those with most crashed jobs first; click a title to sort by it, and a worker to see it alone. Jobs, crashes and long stalls (0.5 s and more) are those of this time range; load, jobs, lag, processor and memory are those of now.',
            width: 24,
            height: 9,
            empty: noWorkers,
            sortBy: 'Crashed',
            keys: [
              ...context.settings.labels.map((label) => ({
                label,
                title: label,
                link: { board: 'workers' as const, variable: label },
              })),
              {
                label: 'instance',
                title: 'Worker',
                link: { board: 'workers', variable: 'worker' },
                width: 190,
              },
            ],
            columns: [
              {
                title: 'Load',
                unit: 'percentunit',
                decimals: 0,
                expr: of.load,
                limits: { warning: loadThreshold, bad: workerLoad },
              },
              { title: 'Mean load', unit: 'percentunit', decimals: 0, expr: of.meanLoad },
              { title: 'Jobs now', unit: 'short', decimals: 0, expr: of.jobs },
              { title: 'Ended', unit: 'short', decimals: 0, expr: of.ended },
              { title: 'Crashed', unit: 'short', decimals: 0, expr: of.endedBadly },
              {
                title: 'Crash share',
                unit: 'percentunit',
                decimals: 1,
                expr: `${of.endedBadly} / (${of.ended} > 0)`,
                limits: { bad: 1 - sessionSuccess.ratio },
              },
              {
                title: 'Long stalls',
                unit: 'short',
                decimals: 0,
                expr: of.longStalls,
                limits: { bad: 1 },
              },
              {
                title: 'Loop in use',
                unit: 'percentunit',
                decimals: 0,
                expr: of.loop('$__range'),
                limits: { bad: busyLoop },
              },
              { title: 'Lag p99', unit: 's', decimals: 0, expr: of.lag },
              { title: 'Cores', unit: 'short', decimals: 2, expr: of.cpu },
              { title: 'Memory', unit: 'bytes', decimals: 0, expr: of.memory },
              { title: 'Started', unit: 'dateTimeFromNow', expr: `${of.started} * 1000` },
            ].map((column) => ({ width: 108, ...column })),
          }),
        ],
      },
      ...processRows(context),
    ];
  },
};
