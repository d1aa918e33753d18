import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { table } from '../house/table.ts';
import { timeseries } from '../house/timeseries.ts';
import { notReporting, ofTargets } from './trust.ts';

/** Label sets of a worker from which on further ones are dropped, unless `maxSeries` says otherwise. */
const maxSeries = 20_000;

const most = { 'highest worker': palette.p95, 'median worker': palette.p50 };

/** How much is scraped, and what of it was refused, repeated or lumped together. */
export function sampleRows(context: BoardContext): Row[] {
  const { q } = context;
  const up = ofTargets(context, 'up');
  const scraped = (series: string) => [
    { expr: `max(${ofTargets(context, series)})`, legend: 'highest worker' },
    { expr: `quantile(0.5, ${ofTargets(context, series)})`, legend: 'median worker' },
  ];
  const inRange = { window: '$__range' } as const;
  return [
    {
      title: 'Scrapes and series',
      panels: [
        timeseries({
          title: 'Targets',
          description:
            'Workers that Prometheus could scrape, and those that it could not. A gap without red: Prometheus itself stood still.',
          unit: 'short',
          width: 6,
          empty: notReporting,
          draw: 'stack',
          colours: { up: palette.good, down: palette.bad },
          targets: [
            { expr: `count(${up} == 1) or 0 * count(${up})`, legend: 'up' },
            { expr: `count(${up} == 0) or 0 * count(${up})`, legend: 'down' },
          ],
        }),
        timeseries({
          title: 'Time to scrape',
          description:
            'How long a scrape takes. Near the scrape timeout (10 s by default) scrapes are lost; a worker that answers slowly has too many series or no processor time.',
          unit: 's',
          width: 6,
          empty: notReporting,
          colours: most,
          targets: scraped('scrape_duration_seconds'),
        }),
        timeseries({
          title: 'Samples of a scrape',
          description:
            'Series that a worker exposes; a histogram is many. All workers together are what Prometheus has to hold. A line that never levels off: a label takes ever new values.',
          unit: 'short',
          width: 6,
          empty: notReporting,
          colours: { ...most, 'all workers': palette.quiet },
          targets: [
            ...scraped('scrape_samples_scraped'),
            { expr: `sum(${ofTargets(context, 'scrape_samples_scraped')})`, legend: 'all workers' },
          ],
        }),
        timeseries({
          title: 'Label sets of a worker',
          description: `Label sets that a worker holds; a histogram is one. The dashed line is the default of maxSeries, ${maxSeries}: further ones are dropped.`,
          unit: 'short',
          width: 6,
          empty: notReporting,
          limit: maxSeries,
          colours: most,
          targets: [
            { expr: `max(${q.series('talkgauge_series')})`, legend: 'highest worker' },
            { expr: `quantile(0.5, ${q.series('talkgauge_series')})`, legend: 'median worker' },
          ],
        }),
      ],
    },
    {
      title: 'Samples',
      panels: [
        table({
          title: 'Refused values',
          description:
            'What was refused in this time range, by series and reason; most first. Missing is usual where requests are cancelled; any other reason is a fault of a plugin or of a clock. Report it with a recording, see CONTRIBUTING.',
          width: 12,
          height: 9,
          empty: 'No refused value was counted in this time range',
          keys: [
            { label: 'metric', title: 'Series', width: 330 },
            { label: 'reason', title: 'Reason', width: 90 },
            { label: 'agent_name', title: 'Agent' },
          ],
          columns: [
            {
              title: 'Values',
              unit: 'locale',
              decimals: 0,
              width: 90,
              expr: `${q.increase('talkgauge_invalid_samples_total', { by: ['metric', 'reason', 'agent_name'], ...inRange })} > 0.5`,
            },
          ],
        }),
        timeseries({
          title: 'Repeated events',
          description:
            'Events per minute that repeat another one, as fallback and stream adapters emit them, and were not counted again. As many as requests is usual with such adapters.',
          unit: 'short',
          width: 6,
          height: 9,
          empty: 'No repeated event was counted in this time range',
          targets: [
            {
              expr: `${q.rate('talkgauge_duplicate_events_total', { by: ['type'] })} * 60`,
              legend: '{{type}}',
            },
          ],
        }),
        timeseries({
          title: 'Label overflow',
          description:
            'Samples per minute whose label value became "other", by label. Give models and tools names that do not change with each call, or raise maxLabelValues.',
          unit: 'short',
          width: 6,
          height: 9,
          empty: 'No label overflow was counted in this time range',
          targets: [
            {
              expr: `${q.rate('talkgauge_label_overflow_total', { by: ['label'] })} * 60`,
              legend: '{{label}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'From jobs to workers',
      panels: [
        timeseries({
          title: 'Jobs and their connections',
          description:
            'Running jobs, and job processes that are connected to their worker. The lines lie on each other; where there are more jobs than connections, calls are not observed. pauses: how often a minute a worker stopped reading from a job that sent more than 1 MiB a second; what such a job cannot keep meanwhile is lost (queue_full).',
          unit: 'short',
          width: 12,
          empty: notReporting,
          colours: { jobs: palette.p95, connections: palette.neutral, pauses: palette.warning },
          targets: [
            { expr: q.gauge('lk_agents_active_job_count'), legend: 'jobs' },
            { expr: q.gauge('talkgauge_relay_connections'), legend: 'connections' },
            { expr: `${q.rate('talkgauge_relay_throttled_total')} * 60`, legend: 'pauses' },
          ],
        }),
        timeseries({
          title: 'Frames by result',
          description:
            'What jobs sent, per minute. Anything but ok is refused: incompatible means that job and worker run different versions of Talkgauge, malformed and oversized that something else writes to the socket.',
          unit: 'short',
          width: 12,
          empty: notReporting,
          draw: 'stack',
          colours: {
            ok: palette.good,
            malformed: palette.bad,
            oversized: palette.warning,
            incompatible: 'purple',
          },
          targets: [
            {
              expr: `${q.rate('talkgauge_relay_frames_total', { by: ['result'] })} * 60`,
              legend: '{{result}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Versions',
      panels: [
        table({
          title: 'Versions in service',
          description:
            'Which Talkgauge, SDK and Node.js the workers run, and on how many. More than one line of an agent: a release is under way, or got stuck.',
          width: 24,
          height: 7,
          empty: notReporting,
          keys: [
            { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
            { label: 'agent_version', title: 'Version' },
            { label: 'version', title: 'Talkgauge' },
            { label: 'sdk_version', title: '@livekit/agents' },
            { label: 'node_version', title: 'Node.js' },
          ],
          columns: [
            {
              title: 'Workers',
              unit: 'short',
              decimals: 0,
              expr: `count by (agent_name, agent_version, version, sdk_version, node_version) (${q.series('talkgauge_build_info')})`,
            },
          ],
        }),
      ],
    },
  ];
}
