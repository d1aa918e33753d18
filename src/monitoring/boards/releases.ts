import type { BoardSpec } from './house/board.ts';
import { blame } from './releases/blame.ts';
import { newcomers } from './releases/newcomers.ts';
import { past } from './releases/past.ts';
import { sideBySide, traffic } from './releases/side-by-side.ts';
import { versions } from './releases/versions.ts';

/** Versions against each other and against the past. */
export const releases: BoardSpec = {
  name: 'releases',
  description:
    'Is the new version better or worse than the others, by how much, and is it to be rolled back?',
  from: 'now-24h',
  rows: (context) => [
    { panels: newcomers(context) },
    { panels: [versions(context)] },
    { panels: traffic(context) },
    { title: 'Version against version', panels: sideBySide(context) },
    { title: 'Against yesterday and last week', panels: past(context) },
    { title: 'Share of the blame', panels: [blame(context)] },
  ],
};
