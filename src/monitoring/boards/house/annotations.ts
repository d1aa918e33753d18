import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Queries } from '../../promql/queries.ts';
import { matchers, selector } from '../../promql/series.ts';
import { deployed, deploys } from '../../rules/for-boards.ts';
import { firing } from './alerts.ts';
import { palette } from './palette.ts';
import { datasource } from './target.ts';

/** Marks on the time axis: when a version came into service, and what was firing. */
export function annotations(q: Queries) {
  const { agent_name, agent_version } = q.scope.where;
  const marks = q.scope.recorded
    ? selector(
        deployed,
        matchers({ ...(agent_name && { agent_name }), ...(agent_version && { agent_version }) }),
      )
    : deploys(
        q.series('lk_agents_sessions_active'),
        (expr) => `group by (agent_name, agent_version) (${expr})`,
      );
  const annotation = (name: string, expr: string, colour: string) =>
    new AnnotationQueryBuilder().name(name).datasource(datasource).expr(expr).step('60s').iconColor(colour);
  return [
    annotation('Deploys', marks, palette.neutral)
      .enable(true)
      .titleFormat('{{agent_name}} {{agent_version}}')
      .textFormat('was seen for the first time in a day'),
    annotation('Alerts', `max by (alertname, agent_name, severity) (${firing()})`, palette.bad)
      .enable(false)
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{agent_name}}'),
  ];
}
