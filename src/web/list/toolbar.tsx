import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Facets } from '../api.ts';
import { SearchIcon } from '../icons.tsx';
import { columns } from './columns.tsx';
import { Choices, MoreFilters, TimeFilter } from './filter-menus.tsx';
import { defaultSort, isFiltered, type ListFilter, readFilters, valuesOf, withFilter } from './filters.ts';

/** Debounce of the search, in milliseconds. */
const debounceMs = 250;

interface SearchBoxProps {
  value: string;
  onSearch: (words: string) => void;
  input: RefObject<HTMLInputElement | null>;
}

export function SearchBox({ value, onSearch, input }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const asked = useRef(value);

  // The back button changes the search, too; text that is being typed stays.
  useEffect(() => {
    if (value !== asked.current) setText(value);
    asked.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = (words: string, pause: number) => {
    setText(words);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      asked.current = words.trim();
      onSearch(words.trim());
    }, pause);
  };
  return (
    <div class="search">
      <SearchIcon />
      <input
        ref={input}
        type="search"
        value={text}
        maxLength={500}
        placeholder="Search words said, session or room"
        aria-label="Search words said, session or room"
        aria-keyshortcuts="/"
        autoComplete="off"
        spellcheck={false}
        onInput={(event) => search(event.currentTarget.value, debounceMs)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') search(text, 0);
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          if (text !== '') search('', 0);
          // Shortcuts apply to the list again.
          event.currentTarget.blur();
        }}
      />
      <kbd class="pointer-only">/</kbd>
    </div>
  );
}

const choices = [
  ['agent', 'Agent'],
  ['version', 'Version'],
  ['status', 'Status'],
  ['closeReason', 'End'],
  ['tag', 'Tag'],
] as const satisfies readonly (readonly [ListFilter, string])[];

interface ToolbarProps {
  filters: URLSearchParams;
  onFilters: (filters: URLSearchParams) => void;
  facets: Facets | undefined;
  /** Called before a list of values is shown. */
  onFacets: () => void;
  search: RefObject<HTMLInputElement | null>;
}

/** The search box and the filters. */
export function Toolbar({ filters, onFilters, facets, onFacets, search }: ToolbarProps) {
  const sort = filters.get('sort') ?? defaultSort;
  const bar = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (!bar.current) return;
    // The sticky table header is placed below the toolbar, whose height depends on its filters.
    const observer = new ResizeObserver(([entry]) => {
      const height = entry?.borderBoxSize[0]?.blockSize ?? 0;
      document.documentElement.style.setProperty('--toolbar-height', `${height}px`);
    });
    observer.observe(bar.current);
    return () => observer.disconnect();
  }, []);
  return (
    <search class="toolbar" ref={bar}>
      <SearchBox
        value={filters.get('q') ?? ''}
        onSearch={(words) => onFilters(withFilter(filters, 'q', words))}
        input={search}
      />
      <div class="filters">
        {choices.map(([name, label]) => {
          const counts = facets && (facets[name] ?? {});
          const chosen = valuesOf(filters, name);
          // Tags are rare: without any, the filter is hidden.
          if (name === 'tag' && chosen.length === 0 && Object.keys(counts ?? {}).length === 0) return null;
          return (
            <Choices
              key={name}
              name={label}
              counts={counts}
              chosen={chosen}
              onChoose={(values) => onFilters(withFilter(filters, name, values))}
              onOpen={onFacets}
            />
          );
        })}
        <TimeFilter filters={filters} onFilters={onFilters} />
        <MoreFilters filters={filters} onFilters={onFilters} />
        {isFiltered(filters) && (
          <button type="button" class="link" onClick={() => onFilters(onlySort(filters))}>
            Clear
          </button>
        )}
        <div class="sort-choice">
          <select
            class="field"
            aria-label="Sort by"
            value={sort}
            onChange={(event) => onFilters(withFilter(filters, 'sort', event.currentTarget.value))}
          >
            {columns.flatMap(({ name, sort: key }) =>
              key === undefined
                ? []
                : [`-${key}`, key].map((value) => (
                    <option key={value} value={value}>
                      Sort: {name} {value.startsWith('-') ? '↓' : '↑'}
                    </option>
                  )),
            )}
          </select>
        </div>
      </div>
    </search>
  );
}

/** Only the sort order of the filters. */
export const onlySort = (filters: URLSearchParams): URLSearchParams =>
  readFilters(new URLSearchParams({ sort: filters.get('sort') ?? defaultSort }));
