import { useEffect, useState } from 'preact/hooks';

const names = [
  'surface',
  'sunken',
  'chosen',
  'line',
  'line-strong',
  'text',
  'text-2',
  'bad',
  'warn',
  'user',
  'agent',
  'thinking',
  'tool',
  'event',
  'endpointing',
  'transcription',
  'user-hook',
  'llm',
  'tools',
  'tts',
  'unattributed',
] as const;

/** The stylesheet's colours, as a canvas takes them. */
export type Colours = Readonly<Record<(typeof names)[number], string>>;

/** What `light-dark()` comes to is told of properties only: one that takes a colour is asked. */
function read(): Colours {
  const probe = document.createElement('span');
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found) as unknown as Colours;
}

/** The colours of the theme that is shown just now. */
export function useColours(): Colours {
  const [colours, setColours] = useState(read);
  useEffect(() => {
    const look = () => setColours(read());
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', look);
    const chosen = new MutationObserver(look);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      system.removeEventListener('change', look);
      chosen.disconnect();
    };
  }, []);
  return colours;
}
