import { gatewayQueries } from '../../promql/gateway-queries.ts';
import { nameByRange } from '../../promql/resolution.ts';
import { type GatewayRate, gatewayRate } from '../../rules/for-boards.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { stat } from '../house/stat.ts';
import { timeseries } from '../house/timeseries.ts';

const { gauge } = gatewayQueries;

const notScraped = 'No gateway is scraped: see docs/gateway.md';

/** What the gateway took, refused, handed on and keeps. Filters of agents and workers do not hold for it. */
export function gatewayRows({ settings }: BoardContext): Row[] {
  /** Events per second. */
  const rate = (metric: GatewayRate, { by }: { by: readonly string[] }): string =>
    settings.recorded
      ? `sum by (${by.join(', ')}) (avg_over_time(${nameByRange(gatewayRate(metric))}[$__rate_interval]))`
      : gatewayQueries.rate(metric, { by: by as [] });
  return [
    {
      title: 'The gateway',
      panels: [
        timeseries({
          title: 'Uploads by kind',
          description:
            'Uploads that the gateway has taken, per minute. None, though agents have calls: they do not record, or LIVEKIT_OBSERVABILITY_URL leads elsewhere.',
          unit: 'short',
          width: 6,
          empty: notScraped,
          draw: 'stack',
          targets: [
            {
              expr: `${rate('talkgauge_gateway_uploads_total', { by: ['kind'] })} * 60`,
              legend: '{{kind}}',
            },
          ],
        }),
        timeseries({
          title: 'Refused by reason',
          description:
            'Uploads of which nothing, or only the beginning, was kept, per minute; jobs do not send them again. disk_full, spool_full: make room. rate_limited, too_large: raise the limit. unauthorized: a key is missing in the gateway, or a stranger knocks. read: requests to the page, the API or /metrics without a valid login.',
          unit: 'short',
          width: 6,
          empty: 'Nothing was refused, or no gateway is scraped',
          colours: {
            disk_full: palette.bad,
            spool_full: palette.bad,
            internal_error: 'purple',
            rate_limited: 'yellow',
            unauthorized: palette.warning,
          },
          targets: [
            {
              // Of the reasons those that there were: the rest would fill the panel with their names.
              expr: `${rate('talkgauge_gateway_refused_total', { by: ['reason'] })} * 60 > 0`,
              legend: '{{reason}}',
            },
            {
              expr: `${rate('talkgauge_gateway_read_refused_total', { by: ['reason'] })} * 60 > 0`,
              legend: 'read: {{reason}}',
            },
          ],
        }),
        timeseries({
          title: 'Handed on by destination',
          description:
            'Requests to each backend, per minute. rejected: refused for good, and lost to that backend; dropped: there was no more room to wait. Failed attempts are made again; if nothing else is left, the backend is away: the log of the gateway says why.',
          unit: 'short',
          width: 12,
          empty: 'No gateway that hands on is scraped: see docs/gateway.md',
          legendAt: 'right',
          legend: ['max'],
          colours: {
            '/ ok$/': palette.good,
            '/ rejected$/': palette.bad,
            '/ dropped$/': 'purple',
            '/ failed attempts$/': palette.warning,
          },
          targets: [
            {
              expr: `${rate('talkgauge_gateway_forwarded_total', { by: ['destination', 'result'] })} * 60`,
              legend: '{{destination}} {{result}}',
            },
            {
              expr: `${rate('talkgauge_gateway_forward_failures_total', { by: ['destination'] })} * 60`,
              legend: '{{destination}} failed attempts',
            },
          ],
        }),
        timeseries({
          title: 'Sessions by who measures them',
          description:
            'Sessions that ended, per minute. measured: by the gateway; observed: by Talkgauge in their job; insufficient_data: too little came to measure them; failed: their files could not be read or written, see the disk and the log of the gateway.',
          unit: 'short',
          width: 6,
          empty: notScraped,
          draw: 'stack',
          colours: {
            measured: palette.good,
            observed: palette.neutral,
            insufficient_data: palette.warning,
            failed: palette.bad,
          },
          targets: [
            {
              expr: `${rate('talkgauge_gateway_measured_sessions_total', { by: ['result'] })} * 60`,
              legend: '{{result}}',
            },
          ],
        }),
        timeseries({
          title: 'Uploads that wait',
          description:
            'Uploads in the spool, which the gateway has still to read. For some seconds that is usual when many jobs end. If they become ever more, its disk cannot be written, or more comes than one core reads: see its log.',
          unit: 'short',
          width: 6,
          empty: notScraped,
          reach: 1,
          targets: [{ expr: gauge('talkgauge_gateway_spool_entries'), legend: 'in the spool' }],
        }),
        timeseries({
          title: 'Bytes that wait',
          description:
            'Bytes in the spool, and those that wait for each backend. At --spool-mb (2048) uploads are refused, at --forward-mb (256) what waited longest for a backend is dropped: bring the backend back, or raise the limit.',
          unit: 'bytes',
          width: 6,
          empty: notScraped,
          colours: { spool: palette.neutral },
          targets: [
            { expr: gauge('talkgauge_gateway_spool_bytes'), legend: 'spool' },
            {
              expr: gauge('talkgauge_gateway_forward_queue_bytes', { by: ['destination'] }),
              legend: 'for {{destination}}',
            },
          ],
        }),
        stat({
          title: 'Sessions in the store',
          description:
            'Sessions that the gateway keeps. Without --retention-days or --retention-gb they only become more.',
          unit: 'short',
          decimals: 0,
          width: 3,
          height: 8,
          empty: 'No gateway',
          trend: true,
          targets: [{ expr: gauge('talkgauge_gateway_sessions') }],
        }),
        stat({
          title: 'Size of the store',
          description:
            'Bytes of the sessions that the gateway keeps on its disk. If it nears the size of the disk, set --retention-gb, or move them into a bucket with --s3-bucket.',
          unit: 'bytes',
          width: 3,
          height: 8,
          empty: 'No gateway',
          trend: true,
          targets: [{ expr: gauge('talkgauge_gateway_store_bytes') }],
        }),
      ],
    },
  ];
}
