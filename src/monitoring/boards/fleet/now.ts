import { failedReasons } from '../../rules/slo.ts';
import { concerned, firing } from '../house/alerts.ts';
import type { BoardContext } from '../house/board.ts';
import { budgetLeft } from '../house/budgets.ts';
import { noCalls, noTurns, withoutRules } from '../house/empty.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { percent } from '../house/percent.ts';
import { percentiles } from '../house/percentiles.ts';
import { type Promised, promises } from '../house/promises.ts';
import { stat } from '../house/stat.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** The first line: is anything wrong? */
export function now({ q, objectives }: BoardContext): PanelBuilder[] {
  const { turnLatency, turnLatencyTail, sessionSuccess } = objectives;
  const [turns, , sessions] = promises(objectives) as [Promised, Promised, Promised];
  const ended = { window: '$__range' } as const;
  return [
    stat({
      title: 'Firing alerts',
      description:
        'How many alerts are firing: critical ones wake somebody, warnings become tickets. They are listed below, with their runbooks.',
      unit: 'short',
      width: 4,
      decimals: 0,
      empty: 'Prometheus does not answer',
      text: 'value_and_name',
      limitsOf: { critical: { bad: 1 }, warning: { warning: 1, bad: Number.MAX_SAFE_INTEGER } },
      next: 'runbooks',
      targets: (['critical', 'warning'] as const).map((severity) => ({
        expr: `count(group by (alertname, ${concerned.join(', ')}) (${firing({ severity })})) or vector(0)`,
        legend: severity,
        as: 'instant',
      })),
    }),
    stat({
      title: 'Turn latency now',
      description: `What callers wait for, from the end of their speech to the start of the reply, in the last minutes. The p95 is red from the objective of ${turnLatency.seconds} s on, the p99 from ${turnLatencyTail.seconds} s on.`,
      unit: 's',
      width: 6,
      empty: noTurns,
      text: 'value_and_name',
      limitsOf: {
        p95: { warning: 0.9 * turnLatency.seconds, bad: turnLatency.seconds },
        p99: { bad: turnLatencyTail.seconds },
      },
      next: 'latency',
      targets: percentiles(q, e2e),
    }),
    stat({
      title: 'Error budget left, worst agent',
      description: `What is left of the turns (${percent(1 - turnLatency.ratio)}) that may take longer than ${turnLatency.seconds} s, and of the sessions (${percent(1 - sessionSuccess.ratio)}) that may fail, in 30 days. Below 0 the promise is broken: stop releasing, and see what burns it.`,
      unit: 'percentunit',
      width: 5,
      decimals: 0,
      empty: withoutRules,
      text: 'value_and_name',
      limits: { warning: 0.25, bad: 0, falling: true },
      next: 'slo',
      targets: [turns, sessions].map((promise) => ({
        expr: `bottomk(1, ${budgetLeft(promise)})`,
        legend: `{{agent_name}}: ${promise.of}`,
        as: 'instant',
      })),
    }),
    stat({
      title: 'Cost per minute',
      description:
        'What all calls together cost at this moment, in US dollars per minute of the clock, at list prices or at those of your price file. Usage without a price is not in it.',
      unit: 'currencyUSD',
      width: 3,
      decimals: 3,
      empty: 'No usage with a price',
      next: 'cost',
      targets: [{ expr: `${q.rate('lk_agents_cost_usd_total')} * 60` }],
    }),
    stat({
      title: 'Failed sessions',
      description: `Share of the sessions that ended with an error or a crashed job, in this time range; ${percent(1 - sessionSuccess.ratio)} are allowed.`,
      unit: 'percentunit',
      width: 3,
      decimals: 1,
      empty: noCalls,
      limits: { warning: 0.5 * (1 - sessionSuccess.ratio), bad: 1 - sessionSuccess.ratio },
      next: 'releases',
      targets: [
        {
          expr: q.share(
            ['lk_agents_sessions_total', { ...ended, where: { close_reason: { re: failedReasons } } }],
            ['lk_agents_sessions_total', ended],
          ),
          as: 'instant',
        },
      ],
    }),
    stat({
      title: 'Sessions now',
      description:
        'Calls that are running at this moment, and how many there were. A drop to 0 in business hours is an outage in front of the agents: look at the workers and at LiveKit.',
      unit: 'short',
      width: 3,
      decimals: 0,
      empty: 'No agent reports',
      trend: true,
      next: 'workers',
      targets: [{ expr: q.gauge('lk_agents_sessions_active') }],
    }),
  ];
}
