import { useRef } from 'preact/hooks';
import { type Tab, tabs } from './place.ts';

const names: Readonly<Record<Tab, string>> = { transcript: 'Transcript', logs: 'Logs', report: 'Report' };

interface TabsProps {
  tab: Tab;
  onTab(tab: Tab): void;
}

export const panelId = 'session-panel';

/** What is shown below the timeline. Arrows go from one to the next. */
export function SessionTabs({ tab, onTab }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length] ?? tab;
    onTab(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label="Of this session" tabIndex={-1} onKeyDown={move}>
      {tabs.map((each) => (
        <button
          key={each}
          id={`tab-${each}`}
          type="button"
          role="tab"
          class="tab"
          aria-selected={each === tab}
          aria-controls={panelId}
          tabIndex={each === tab ? 0 : -1}
          onClick={() => onTab(each)}
        >
          {names[each]}
        </button>
      ))}
    </div>
  );
}
