import { agents } from './fleet/agents.ts';
import { course } from './fleet/course.ts';
import { now } from './fleet/now.ts';
import { suppliers } from './fleet/suppliers.ts';
import type { BoardSpec } from './house/board.ts';

/** The home page, which stays open on the wall. */
export const fleet: BoardSpec = {
  name: 'fleet',
  description: 'Are my agents fine, and if not, which one and where?',
  rows: (context) => [
    { panels: now(context) },
    { panels: agents(context) },
    { panels: course(context) },
    { title: 'Providers and deploys', panels: suppliers(context) },
  ],
};
