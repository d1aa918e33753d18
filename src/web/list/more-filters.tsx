import { type FigureFilter, type FlagFilter, valuesOf, withFilter } from './filters.ts';
import { Menu } from './menu.tsx';

const figures: readonly (readonly [FigureFilter, string])[] = [
  ['minLatencyP95', 'Latency p95 of at least, in seconds'],
  ['minDuration', 'Length of at least, in seconds'],
  ['maxDuration', 'Length of at most, in seconds'],
];

const flags: readonly (readonly [FlagFilter, string, yes: string, no: string])[] = [
  ['toolErrors', 'Tool errors', 'some', 'none'],
  ['interrupted', 'Interruptions', 'some', 'none'],
  ['redacted', 'Redaction', 'redacted', 'not redacted'],
];

interface MoreFiltersProps {
  filters: URLSearchParams;
  onFilters: (filters: URLSearchParams) => void;
}

/** Filters that are needed less often. */
export function MoreFilters({ filters, onFilters }: MoreFiltersProps) {
  const set = ['has', 'lacks', ...figures.map(([name]) => name), ...flags.map(([name]) => name)].filter(
    (name) => filters.has(name),
  );
  const audio = valuesOf(filters, 'has').includes('audio')
    ? 'has'
    : valuesOf(filters, 'lacks').includes('audio')
      ? 'lacks'
      : '';
  const setAudio = (wanted: string) => {
    const without = (name: 'has' | 'lacks') => valuesOf(filters, name).filter((value) => value !== 'audio');
    const has = wanted === 'has' ? [...without('has'), 'audio'] : without('has');
    const lacks = wanted === 'lacks' ? [...without('lacks'), 'audio'] : without('lacks');
    onFilters(withFilter(withFilter(filters, 'has', has), 'lacks', lacks));
  };
  return (
    <Menu name="More" chosen={set.length > 0 ? String(set.length) : undefined}>
      {figures.map(([name, label]) => (
        <label key={name} class="labelled">
          {label}
          <input
            type="number"
            class="field"
            min="0"
            step="any"
            value={filters.get(name) ?? ''}
            onChange={(event) => onFilters(withFilter(filters, name, event.currentTarget.value))}
          />
        </label>
      ))}
      {flags.map(([name, label, yes, no]) => (
        <label key={name} class="labelled">
          {label}
          <select
            class="field"
            value={filters.get(name) ?? ''}
            onChange={(event) => onFilters(withFilter(filters, name, event.currentTarget.value))}
          >
            <option value="">any</option>
            <option value="true">{yes}</option>
            <option value="false">{no}</option>
          </select>
        </label>
      ))}
      <label class="labelled">
        Recording
        <select class="field" value={audio} onChange={(event) => setAudio(event.currentTarget.value)}>
          <option value="">any</option>
          <option value="has">there is one</option>
          <option value="lacks">there is none</option>
        </select>
      </label>
    </Menu>
  );
}
