import type { Window } from './axis.ts';
import type { Colours } from './colours.ts';
import type { Scene } from './lanes.ts';

/** What is drawn, and how. */
export interface Painting {
  scene: Scene;
  window: Window;
  /** Pixels. */
  width: number;
  colours: Colours;
  /** The turn that is chosen. */
  chosen?: number;
  /** Font of the axis. */
  font: string;
}

/** From seconds on the axis to pixels from the left. */
export type Scale = (at: number) => number;

export function scaleOf({ window: { from, to }, width }: Pick<Painting, 'window' | 'width'>): Scale {
  const perSecond = width / (to - from);
  return (at) => (at - from) * perSecond;
}

/** From pixels from the left to seconds on the axis. */
export function momentAt(
  x: number,
  { window: { from, to }, width }: Pick<Painting, 'window' | 'width'>,
): number {
  return from + (x / Math.max(1, width)) * (to - from);
}
