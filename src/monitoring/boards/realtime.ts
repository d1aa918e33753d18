import type { BoardSpec } from './house/board.ts';
import { compared } from './realtime/compared.ts';
import { connections } from './realtime/connections.ts';
import { glance } from './realtime/glance.ts';
import { responses } from './realtime/responses.ts';
import { speed } from './realtime/speed.ts';
import { tokens } from './realtime/tokens.ts';

/** Models that hear and speak themselves: there is no STT and TTS to blame, and no measured turn. */
export const realtime: BoardSpec = {
  name: 'realtime',
  description: 'Do realtime models answer fast, every time, over connections that hold?',
  filters: ['provider', 'model'],
  rows: (context) => [
    glance(context),
    speed(context),
    compared(context),
    responses(context),
    connections(context),
    tokens(context),
  ],
};
