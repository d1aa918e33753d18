import type { BoardSpec } from './house/board.ts';
import { blame } from './slo/blame.ts';
import { burn } from './slo/burn.ts';
import { budget, kept, words } from './slo/kept.ts';

/** Promises to callers over 30 days. */
export const slo: BoardSpec = {
  name: 'slo',
  description: 'Do we keep our promises, how much may still go wrong, and who spends it?',
  from: 'now-30d',
  rows: (context) => [
    { panels: kept(context) },
    { panels: budget(context) },
    { panels: [words(context)] },
    { title: 'How fast the budgets are being spent', panels: burn(context) },
    { title: 'Who spent them', panels: blame(context) },
  ],
};
