import { useEffect, useState } from 'preact/hooks';

/** How many times fonts were loaded: unlike other text, what is written on a canvas stays in the font before. */
export function useLoadedFonts(): number {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    const count = () => setTimes((before) => before + 1);
    document.fonts.addEventListener('loadingdone', count);
    return () => document.fonts.removeEventListener('loadingdone', count);
  }, []);
  return times;
}
