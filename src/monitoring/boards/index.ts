import type { Settings } from '../settings.ts';
import { board } from './house/board.ts';
import { latency } from './latency.ts';
import { transport } from './transport.ts';
import { workers } from './workers.ts';

/** All boards, in the order of the menu. */
export const boards = [latency, workers, transport];

/** The boards as Grafana reads them. */
export const dashboards = (settings: Settings) =>
  boards.map((spec) => ({ name: spec.name, dashboard: board(spec, settings) }));
