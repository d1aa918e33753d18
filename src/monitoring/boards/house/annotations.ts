import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Queries } from '../../promql/queries.ts';
import { matchers, selector } from '../../promql/series.ts';
import { present } from '../../rules/versions.ts';
import { firing } from './alerts.ts';
import { palette } from './palette.ts';
import { datasource } from './target.ts';

/** How long a version must not have been seen before its appearance is a deploy. */
const unseen = '1d';

/** How long a mark is: longer than a step at 30 days, of which Prometheus answers 11,000. */
const mark = '4m';

/** Marks on the time axis: when a version came into service, and what was firing. */
export function annotations(q: Queries) {
  const { agent_name, agent_version } = q.scope.where;
  const series = q.scope.recorded
    ? selector(
        present,
        matchers({ ...(agent_name && { agent_name }), ...(agent_version && { agent_version }) }),
      )
    : q.series('lk_agents_sessions_active');
  const versions = (expr: string) => `group by (agent_name, agent_version) (${expr})`;
  const before = `last_over_time(${series}[${unseen}] offset ${mark})`;
  // In a fresh installation everything is new, and nothing was deployed.
  const deploys = `(${versions(series)} unless ${versions(before)}) and on () group(${before})`;
  const annotation = (name: string, expr: string, colour: string) =>
    new AnnotationQueryBuilder().name(name).datasource(datasource).expr(expr).step('60s').iconColor(colour);
  return [
    annotation('Deploys', deploys, palette.neutral)
      .enable(true)
      .titleFormat('{{agent_name}} {{agent_version}}')
      .textFormat('was seen for the first time in a day'),
    annotation('Alerts', `max by (alertname, agent_name, severity) (${firing()})`, palette.bad)
      .enable(false)
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{agent_name}}'),
  ];
}
