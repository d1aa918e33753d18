import type { Peaks } from '../../api.ts';

/** The loudest of a recording reaches the edge of its lane, but noise is not blown up to it. Percent. */
const quietest = 20;

/** What is louder than silence. Percent. */
const silence = 2;

/** How much of what is heard reaches at most the edge: one click in the audio must not make all else small. */
const share = 0.99;

/** What is drawn up to the edge of a lane, of all channels alike; what is louder ends there. Percent. */
export function loudestOf(peaks: Peaks | undefined): number {
  const counts = new Array<number>(101).fill(0);
  let heard = 0;
  for (const { min, max } of peaks?.channels ?? []) {
    for (const [bucket, high] of max.entries()) {
      const loud = Math.min(100, Math.round(Math.max(high, -(min[bucket] ?? 0))));
      if (loud <= silence) continue;
      counts[loud] = (counts[loud] ?? 0) + 1;
      heard++;
    }
  }
  let below = 0;
  const edge = counts.findIndex((count) => {
    below += count;
    return heard > 0 && below >= heard * share;
  });
  return Math.max(quietest, edge);
}
