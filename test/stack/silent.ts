/** Panels that a simulated call centre leaves empty for half an hour, and why. A board without a panel: all of it. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  transport: { '*': 'There is no LiveKit server beside it.' },
};

/** Why a panel is empty, or one query of it (`TITLE/REF`); undefined when it should not be. */
export const silent = (board: string, panel: string, ref: string): string | undefined => {
  const of = reasons[board];
  return of?.['*'] ?? of?.[panel] ?? of?.[`${panel}/${ref}`];
};
