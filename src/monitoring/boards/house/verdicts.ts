import type { Wording } from './limits.ts';
import { palette } from './palette.ts';

/** What the recorded verdict on a version says. */
export const verdictWords: Wording = {
  '1': { text: 'worse', colour: palette.bad },
  '0': { text: 'alike', colour: palette.quiet },
  '-1': { text: 'better', colour: palette.good },
};
