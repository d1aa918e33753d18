import type { BoardSpec } from './house/board.ts';
import { compared } from './tools/compared.ts';
import { failingAndSlow } from './tools/failing-and-slow.ts';
import { glance } from './tools/glance.ts';
import { handoffs } from './tools/handoffs.ts';
import { use } from './tools/use.ts';
import { whatTurnsPay } from './tools/what-turns-pay.ts';

/** Whether the agents' own functions hold: which fails, which is slow, and what callers wait for them. */
export const tools: BoardSpec = {
  name: 'tools',
  description: 'Which tool fails or is slow, and what does it cost the caller?',
  filters: ['tool'],
  rows: (context) => [
    glance(context),
    failingAndSlow(context),
    compared(context),
    use(context),
    whatTurnsPay(context),
    handoffs(context),
  ],
};
