import { gatewayQueries } from '../../promql/gateway-queries.ts';
import type { AlertRule } from '../rule.ts';

const { increase } = gatewayQueries;

/** Uploads refused for one reason in 15 minutes that are no accident. */
const refused = 5;

/** Requests of readers without a valid login in 15 minutes that are more than somebody's mistakes. */
const unauthorizedReads = 50;

/**
 * What is refused of an upload with a token that holds, but `aborted`, which is the job's doing. `unauthorized` and
 * `redirected` come before the token: whoever reaches the port can make them grow.
 */
const ours = [
  'rate_limited',
  'too_large',
  'too_slow',
  'encoding',
  'spool_full',
  'disk_full',
  'internal_error',
] as const;

/** Whether the gateway is there, takes what jobs upload, hands it on, and whether strangers try to read it. */
export function gateway(): AlertRule[] {
  const to = ['job', 'instance', 'destination'] as const;
  const turnedAway = increase('talkgauge_gateway_refused_total', {
    by: ['job', 'instance', 'reason'],
    where: { reason: ours },
    window: '15m',
  });
  const lost = increase('talkgauge_gateway_forwarded_total', {
    by: [...to, 'result'],
    where: { result: ['rejected', 'dropped'] },
    window: '30m',
  });
  const failed = increase('talkgauge_gateway_forward_failures_total', { by: to, window: '15m' });
  const taken = increase('talkgauge_gateway_forwarded_total', {
    by: to,
    where: { result: ['ok'] },
    window: '15m',
  });
  const reads = increase('talkgauge_gateway_read_refused_total', {
    by: ['job', 'instance'],
    where: { reason: ['unauthorized', 'rate_limited'] },
    window: '15m',
  });
  const shared = { severity: 'warning', category: 'telemetry', board: { name: 'health' } } as const;
  const notHandingOn = { ...shared, alert: 'TalkgaugeGatewayNotHandingOn' };
  return [
    {
      ...shared,
      alert: 'TalkgaugeGatewayDown',
      expr: 'up == 0 and on (job, instance) group by (job, instance) (present_over_time(talkgauge_gateway_sessions[1d]))',
      for: '5m',
      summary: 'Gateway {{ $labels.instance }} does not answer Prometheus',
      description:
        'The target was a gateway within the last day, and scrapes of it fail. If it does not run, what jobs upload meanwhile is lost, ' +
        'and a job may need 9 s to end.',
    },
    {
      ...shared,
      alert: 'TalkgaugeGatewayRefusing',
      expr: `${turnedAway} >= ${refused}`,
      for: '5m',
      summary:
        'Gateway {{ $labels.instance }} refused {{ $value | printf "%.0f" }} uploads in 15m: {{ $labels.reason }}',
      description:
        'Jobs do not send again what is refused: transcripts, traces or recordings of their sessions are lost. ' +
        'Uploads without a valid token do not count.',
    },
    {
      ...shared,
      alert: 'TalkgaugeGatewayUnauthorizedReads',
      expr: `${reads} > ${unauthorizedReads}`,
      summary:
        'Gateway {{ $labels.instance }} refused {{ $value | printf "%.0f" }} requests without a valid login in 15m',
      description:
        `More than ${unauthorizedReads} requests to the page, the API or /metrics had no valid login: somebody guesses it, or a client still ` +
        'sends an old one. None of them was answered.',
    },
    {
      ...notHandingOn,
      expr: `${lost} > 0`,
      labels: { what: 'lost' },
      summary:
        'Gateway {{ $labels.instance }}: {{ $value | printf "%.0f" }} requests to {{ $labels.destination }} were {{ $labels.result }} in 30m',
      description:
        'Spans, logs and uploads in them do not reach that backend any more. rejected: it refused them for good; dropped: there was no more room ' +
        'to wait for it. The sessions themselves are in the store of the gateway.',
    },
    {
      ...notHandingOn,
      // An attempt fails within ten minutes, and is made again within one: while none succeeds, something waits.
      expr: `${failed} > 0 unless ${taken} > 0`,
      for: '10m',
      labels: { what: 'waiting' },
      summary:
        'Gateway {{ $labels.instance }}: {{ $labels.destination }} took nothing in 15m, {{ $value | printf "%.0f" }} attempts failed',
      description:
        'It waits and is tried again. For Tempo, Loki and LiveKit Cloud there is room for `--forward-mb`; then what waited longest is dropped.',
    },
  ];
}
