import { failedReasons } from '../../rules/slo.ts';
import { bargauge } from '../house/bargauge.ts';
import type { BoardContext } from '../house/board.ts';
import { noCalls, noTurns } from '../house/empty.ts';
import type { PanelBuilder } from '../house/panel.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** Bars that can still be told apart. */
const most = 10;

/** Which release of which agent spent the budget, in the time range. */
export function blame({ q, objectives: { turnLatency, turnLatencyTail } }: BoardContext): PanelBuilder[] {
  const about = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  const failed = { ...about, where: { close_reason: { re: failedReasons } } } as const;
  /** Each one's share of all bad events. */
  const share = (bad: string) =>
    `sort_desc(topk(${most}, (${bad}) / on () group_left () (sum(${bad}) > 0) > 0))`;
  const slow = (seconds: number) => `(${q.shareAbove(seconds, e2e, about)}) * (${q.count(e2e, about)})`;
  return (
    [
      [`turns above ${turnLatency.seconds} s`, slow(turnLatency.seconds), noTurns, 'latency'],
      [`turns above ${turnLatencyTail.seconds} s`, slow(turnLatencyTail.seconds), noTurns, 'latency'],
      ['failed sessions', q.increase('lk_agents_sessions_total', failed), noCalls, 'sessions'],
    ] as const
  ).map(([what, bad, nothing, next]) =>
    bargauge({
      title: `Share of all ${what}`,
      description: `Which version of which agent the ${what} of this time range were of; together they are 100 %. Compare with how many calls it takes: a small canary with a large share is to be rolled back.`,
      unit: 'percentunit',
      width: 8,
      height: 9,
      decimals: 0,
      max: 1,
      empty: `${nothing}, or no ${what}`,
      next,
      targets: [{ expr: share(bad), legend: '{{agent_name}} {{agent_version}}', as: 'instant' }],
    }),
  );
}
