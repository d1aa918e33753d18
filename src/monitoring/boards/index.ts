import type { Settings } from '../settings.ts';
import { fleet } from './fleet.ts';
import { board } from './house/board.ts';
import { latency } from './latency.ts';
import { releases } from './releases.ts';
import { runbooks } from './runbooks.ts';
import { slo } from './slo.ts';
import { turnTaking } from './turn-taking.ts';

/** All boards, in the order of the menu. */
export const boards = [fleet, latency, turnTaking, slo, releases, runbooks];

/** The boards as Grafana reads them. */
export const dashboards = (settings: Settings) =>
  boards.map((spec) => ({ name: spec.name, dashboard: board(spec, settings) }));
