import { useMemo } from 'preact/hooks';
import { useNavigation } from '../navigation.ts';

export const tabs = ['transcript', 'logs', 'report'] as const;
export type Tab = (typeof tabs)[number];

/** Where somebody is in a session: the address tells it, so that whoever gets it sees the same. */
export interface ViewState {
  tab: Tab;
  /** The turn that was chosen. */
  turn?: number;
  /** Seconds on the axis. */
  at?: number;
}

const figure = (text: string | null): number | undefined => {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
};

/** What an address tells; what it tells wrongly is left out. */
export function parseViewState(params: URLSearchParams): ViewState {
  const turn = figure(params.get('turn'));
  return {
    tab: tabs.find((tab) => tab === params.get('tab')) ?? 'transcript',
    turn: Number.isInteger(turn) ? turn : undefined,
    at: figure(params.get('t')),
  };
}

/** What an address has after its `?`, or nothing. */
export function formatViewState({ tab, turn, at }: ViewState): string {
  const params = new URLSearchParams();
  if (tab !== 'transcript') params.set('tab', tab);
  if (turn !== undefined) params.set('turn', String(turn));
  if (at !== undefined) params.set('t', String(Math.round(at * 10) / 10));
  return params.size > 0 ? `?${params}` : '';
}

/** The place, and how to change it: a tab is a step for the back button, a turn is none. */
export function useViewState(): [ViewState, (change: Partial<ViewState>) => void] {
  const { path, params, go } = useNavigation();
  const place = useMemo(() => parseViewState(params), [params]);
  const change = (to: Partial<ViewState>) => {
    // The address may have changed since this was drawn.
    const now = parseViewState(new URLSearchParams(location.search));
    const search = formatViewState({ ...now, ...to });
    if (search !== location.search)
      go(path + search, { replace: to.tab === undefined || to.tab === now.tab });
  };
  return [place, change];
}
