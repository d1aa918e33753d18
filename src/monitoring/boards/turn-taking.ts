import type { BoardSpec } from './house/board.ts';
import { byAgent } from './turn-taking/by-agent.ts';
import { deadAir } from './turn-taking/dead-air.ts';
import { endOfTurnDetector, interruptionDetector } from './turn-taking/detectors.ts';
import { glance } from './turn-taking/glance.ts';
import { interruptions } from './turn-taking/interruptions.ts';
import { transcripts } from './turn-taking/transcripts.ts';
import { waiting } from './turn-taking/waiting.ts';
import { whoTalks } from './turn-taking/who-talks.ts';

/** Whether agents answer when it is their turn: not too late, not too early, and not never. */
export const turnTaking: BoardSpec = {
  name: 'turn-taking',
  description: 'Does the agent know when it is its turn?',
  rows: (context) => [
    glance(context),
    waiting(context),
    byAgent(context),
    interruptions(context),
    deadAir(context),
    whoTalks(context),
    transcripts(context),
    endOfTurnDetector(context),
    interruptionDetector(context),
  ],
};
