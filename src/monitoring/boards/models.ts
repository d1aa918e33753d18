import type { BoardSpec } from './house/board.ts';
import { llmCompared, speechCompared } from './models/compared.ts';
import { againstItsPast, errors } from './models/errors.ts';
import { fallbacks } from './models/fallbacks.ts';
import { firstOutput } from './models/first-output.ts';
import { glance } from './models/glance.ts';
import { llmWork } from './models/llm-work.ts';
import { speech } from './models/speech.ts';

/** Which provider is slow or fails, and what another one does in its place. */
export const models: BoardSpec = {
  name: 'models',
  description: 'Is a provider slow or failing, and would another one be better?',
  filters: ['provider', 'model'],
  rows: (context) => [
    glance(context),
    firstOutput(context),
    { panels: [...errors(context), ...againstItsPast(context)] },
    llmCompared(context),
    speechCompared(context),
    fallbacks(context),
    llmWork(context),
    speech(context),
  ],
};
