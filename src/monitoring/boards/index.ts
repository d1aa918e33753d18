import type { Settings } from '../settings.ts';
import { cost } from './cost.ts';
import { fleet } from './fleet.ts';
import { health } from './health.ts';
import { latency } from './latency.ts';
import { models } from './models.ts';
import { board } from './panels/board.ts';
import { uidOf, withKnownLinkVariables } from './panels/links.ts';
import { realtime } from './realtime.ts';
import { releases } from './releases.ts';
import { runbooks } from './runbooks.ts';
import { session } from './session.ts';
import { sessions } from './sessions.ts';
import { slo } from './slo.ts';
import { tools } from './tools.ts';
import { transport } from './transport.ts';
import { turnTaking } from './turn-taking.ts';
import { workers } from './workers.ts';

/** All boards, in the order of the menu. */
export const boards = [
  fleet,
  latency,
  turnTaking,
  models,
  realtime,
  slo,
  releases,
  cost,
  tools,
  sessions,
  session,
  workers,
  transport,
  health,
  runbooks,
];

/** The boards as Grafana reads them. */
export function dashboards(settings: Settings) {
  const built = boards.map((spec) => ({ name: spec.name, dashboard: board(spec, settings) }));
  const variables = new Map(
    built.map(({ name, dashboard }) => [
      uidOf(name),
      (dashboard.templating?.list ?? []).map((variable) => variable.name),
    ]),
  );
  return built.map(({ name, dashboard }) => ({
    name,
    dashboard: withKnownLinkVariables(dashboard, (uid) => variables.get(uid) ?? []),
  }));
}
