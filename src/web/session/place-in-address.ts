import { useMemo } from 'preact/hooks';
import { useNavigation } from '../navigation.ts';
import { type Place, placeOf, searchOf } from './place.ts';

/** The place, and how to change it: a tab is a step for the back button, a turn is none. */
export function usePlace(): [Place, (change: Partial<Place>) => void] {
  const { path, params, go } = useNavigation();
  const place = useMemo(() => placeOf(params), [params]);
  const change = (to: Partial<Place>) => {
    // The address may have changed since this was drawn.
    const now = placeOf(new URLSearchParams(location.search));
    const search = searchOf({ ...now, ...to });
    if (search !== location.search)
      go(path + search, { replace: to.tab === undefined || to.tab === now.tab });
  };
  return [place, change];
}
