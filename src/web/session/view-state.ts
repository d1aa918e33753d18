import { useMemo } from 'preact/hooks';
import { useNavigation } from '../navigation.ts';

export const tabs = ['transcript', 'logs', 'report'] as const;
export type Tab = (typeof tabs)[number];

/** The state of the session view. It is part of the address, so that a shared link shows the same. */
export interface ViewState {
  tab: Tab;
  /** The selected turn. */
  turn?: number;
  /** Seconds on the axis. */
  at?: number;
}

const figure = (text: string | null): number | undefined => {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
};

/** Parses the state of an address; invalid values are ignored. */
export function parseViewState(params: URLSearchParams): ViewState {
  const turn = figure(params.get('turn'));
  return {
    tab: tabs.find((tab) => tab === params.get('tab')) ?? 'transcript',
    turn: Number.isInteger(turn) ? turn : undefined,
    at: figure(params.get('t')),
  };
}

/** The query of an address without `?`, or an empty string. */
export function formatViewState({ tab, turn, at }: ViewState): string {
  const params = new URLSearchParams();
  if (tab !== 'transcript') params.set('tab', tab);
  if (turn !== undefined) params.set('turn', String(turn));
  if (at !== undefined) params.set('t', String(Math.round(at * 10) / 10));
  return params.size > 0 ? `?${params}` : '';
}

/** The state and its setter. A change of tab adds an entry to the browser's history, a change of turn does not. */
export function useViewState(): [ViewState, (change: Partial<ViewState>) => void] {
  const { path, params, go } = useNavigation();
  const place = useMemo(() => parseViewState(params), [params]);
  const change = (to: Partial<ViewState>) => {
    // The address may have changed since the last render.
    const now = parseViewState(new URLSearchParams(location.search));
    const search = formatViewState({ ...now, ...to });
    if (search !== location.search)
      go(path + search, { replace: to.tab === undefined || to.tab === now.tab });
  };
  return [place, change];
}
