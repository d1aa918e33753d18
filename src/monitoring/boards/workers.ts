import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { stat, stateTimeline, timeseries } from './panels/charts.ts';
import { table } from './panels/table.ts';
import { busyLoop, failedOutcomes, noWorkers, processRows, workerQueries } from './workers/processes.ts';

/** The worker processes. */
export const workers: BoardSpec = {
  name: 'workers',
  description: 'Are there enough workers, and are all of them healthy?',
  filters: ['worker'],
  rows: (context) => {
    const { loadThreshold, workerLoad, sessionSuccess } = context.objectives;
    const of = workerQueries(context.q);
    return [
      ...loadRows(context),
      {
        panels: [
          table({
            title: 'Workers in detail',
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

/** Where there is little room. */
const noWorkersShort = 'No worker of this agent name';

/** How many workers a state timeline holds. */
const maxWorkers = 20;

/** The capacity and the health of workers. */
function loadRows({
  q,
  settings,
  objectives: { loadThreshold, workerLoad, sessionSuccess },
}: BoardContext): Row[] {
  const { each, load, meanLoadAtEnd, endedBadly } = workerQueries(q);
  const percent = `${Number((100 * workerLoad).toFixed(1))} %`;
  const badShare = 1 - sessionSuccess.ratio;
  const full = `${Number((100 * loadThreshold).toFixed(1))} %`;
  const bands = [
    ['below 35 %', `${load} < 0.35`, 'super-light-green'],
    [`35 to ${full}`, `${load} >= 0.35 < ${loadThreshold}`, 'green'],
    [`${full} to ${percent}`, `${load} >= ${loadThreshold} < ${workerLoad}`, 'orange'],
    [`${percent} and more`, `${load} >= ${workerLoad}`, 'red'],
  ] as const;
  const inRange = { window: '$__range' } as const;
  return [
    {
      panels: [
        stat({
          title: 'Workers',
          description:
            "Workers that report now. If it is fewer than you started, the board Talkgauge's health says which targets are down.",
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noWorkersShort,
          next: 'health',
          targets: [{ expr: `count(${load})`, as: 'instant' }],
        }),
        stat({
          title: 'Take new jobs',
          description: `Share of the workers whose load is below ${full}, from which on the SDK takes no new jobs (loadThreshold). At 0 nobody answers the next call: add workers.`,
          unit: 'percentunit',
          decimals: 0,
          width: 4,
          empty: noWorkersShort,
          limits: { warning: 0.5, bad: 0.2, falling: true },
          targets: [
            {
              expr: `(count(${load} < ${loadThreshold}) or 0 * count(${load})) / count(${load})`,
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Mean load',
          description: `The load that workers report to LiveKit, over all of them. If it nears ${full}, add workers; if only some workers do, look at these.`,
          unit: 'percentunit',
          decimals: 0,
          width: 4,
          empty: noWorkersShort,
          limits: { warning: Number((0.8 * loadThreshold).toFixed(3)), bad: loadThreshold },
          targets: [{ expr: `avg(${load})`, as: 'instant' }],
        }),
        stat({
          title: 'Saturated workers',
          description: `Workers whose load is ${percent} or more: the calls that they have begin to suffer. One or two: look at them in the table. Many: add workers.`,
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noWorkersShort,
          limits: { bad: 1 },
          targets: [{ expr: `count(${load} >= ${workerLoad}) or 0 * count(${load})`, as: 'instant' }],
        }),
        stat({
          title: 'Jobs crashed or killed',
          description: `Share of the jobs that ended in this time range. Red from ${Number((100 * badShare).toFixed(2))} % on: as many sessions may fail. The log of the worker says why a job crashed.`,
          unit: 'percentunit',
          decimals: 1,
          width: 4,
          empty: 'No job ended in this time range',
          limits: { bad: badShare },
          targets: [
            {
              expr: q.share(
                ['lk_agents_job_exits_total', { ...inRange, where: failedOutcomes }],
                ['lk_agents_job_exits_total', inRange],
              ),
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Workers with crashes',
          description:
            'Workers on which jobs crashed or were killed in this time range. One of many: the worker is unhealthy. All of them: the code or a shared dependency is at fault.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noWorkersShort,
          limits: { bad: 1 },
          targets: [
            // Half a job: increases are extrapolated.
            { expr: `count(${endedBadly} > 0.5) or 0 * count(${load})`, as: 'instant' },
          ],
        }),
      ],
    },
    {
      panels: [
        timeseries({
          title: 'Workers by load',
          description: `How many workers have which load; from ${full} on they take no new jobs. All turn orange and red: too few workers. A thin red band while the rest is green: single workers are busy or unhealthy.`,
          unit: 'short',
          width: 12,
          height: 10,
          empty: noWorkers,
          draw: 'stack',
          colours: Object.fromEntries(bands.map(([name, , colour]) => [name, colour])),
          targets: bands.map(([legend, expr]) => ({
            expr: `count(${expr}) or 0 * count(${load})`,
            legend,
          })),
        }),
        stateTimeline({
          title: `The ${maxWorkers} busiest workers`,
          description: `Load of the workers whose mean load was highest in the last hour of this time range: orange from ${full} on, where it takes no new jobs, red from ${percent} on. A single busy worker is unhealthy; a pattern on all workers follows call volume.`,
          unit: 'percentunit',
          width: 12,
          height: 10,
          empty: noWorkers,
          states: { warning: loadThreshold, bad: workerLoad },
          targets: [
            {
              expr: `${load} and on (${each}) topk(${maxWorkers}, ${meanLoadAtEnd})`,
              legend: [...settings.labels, 'instance'].map((label) => `{{${label}}}`).join(' '),
            },
          ],
        }),
      ],
    },
  ];
}
