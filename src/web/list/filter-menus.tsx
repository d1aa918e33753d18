import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { formatCount, formatDay, formatReason, formatTime } from '../formats.ts';
import { ChevronIcon } from '../icons.tsx';
import { type FigureFilter, type FlagFilter, valuesOf, withFilter } from './filters.ts';

interface MenuProps {
  name: string;
  /** A short text of the selection. */
  chosen?: string;
  children: ComponentChildren;
  /** Called when it opens. */
  onOpen?: () => void;
}

/** A button with a dropdown panel. Escape, a click outside, or moving the focus out closes it. */
export function Menu({ name, chosen, children, onOpen }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      setOpen(false);
      root.current?.querySelector<HTMLElement>('.menu-button')?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    root.current?.querySelector<HTMLElement>('.menu-panel :is(input, select, button)')?.focus();
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);

  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class={chosen === undefined ? 'menu-button' : 'menu-button menu-set'}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          if (!open) onOpen?.();
          setOpen(!open);
        }}
      >
        {name}
        {chosen !== undefined && <span class="menu-chosen">{chosen}</span>}
        <ChevronIcon />
      </button>
      {open && (
        <fieldset class="menu-panel" id={id}>
          <legend class="hidden">{name}</legend>
          {children}
        </fieldset>
      )}
    </div>
  );
}

/** The number of values from which on they can be searched, and the maximum number that is shown. */
const searchable = 10;
const most = 200;

interface ChoicesProps {
  name: string;
  /** The number of sessions with each value; undefined if unknown. */
  counts: Readonly<Record<string, number>> | undefined;
  chosen: readonly string[];
  onChoose: (values: readonly string[]) => void;
  onOpen: () => void;
}

/** A filter with multiple selection. */
export function Choices({ name, counts: known, chosen, onChoose, onOpen }: ChoicesProps) {
  const [search, setSearch] = useState('');
  const counts = known ?? {};
  // Selected values are shown even if no session has them.
  const values = [...new Set([...Object.keys(counts), ...chosen])].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const found = values.filter((value) => value.toLowerCase().includes(search.trim().toLowerCase()));
  const [first] = chosen;
  const label = first === undefined ? undefined : formatReason(first);
  const toggle = (value: string) =>
    onChoose(chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value]);
  return (
    <Menu
      name={name}
      chosen={chosen.length > 1 ? `${label} +${chosen.length - 1}` : label}
      onOpen={() => {
        setSearch('');
        onOpen();
      }}
    >
      {values.length > searchable && (
        <input
          type="search"
          class="field"
          placeholder="Find"
          aria-label={`Find in ${name}`}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <div class="choices">
        {found.slice(0, most).map((value) => (
          <label key={value} class="choice">
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
            <span class="choice-name">{formatReason(value)}</span>
            <span class="choice-count">{formatCount(counts[value] ?? 0)}</span>
          </label>
        ))}
        {found.length === 0 && <p class="quiet">{known ? 'None' : 'The values could not be loaded.'}</p>}
        {found.length > most && <p class="quiet">And {formatCount(found.length - most)} more</p>}
      </div>
      {chosen.length > 0 && (
        <button type="button" class="link" onClick={() => onChoose([])}>
          Any
        </button>
      )}
    </Menu>
  );
}

const spans: readonly (readonly [since: string, name: string])[] = [
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
];

interface TimeFilterProps {
  filters: URLSearchParams;
  onFilters: (filters: URLSearchParams) => void;
}

/** The start time of sessions: relative to now, or an absolute range. */
export function TimeFilter({ filters, onFilters }: TimeFilterProps) {
  const since = filters.get('since') ?? undefined;
  const from = filters.get('from') ?? undefined;
  const to = filters.get('to') ?? undefined;
  const choose = (span: string | undefined) =>
    onFilters(withFilter(withFilter(withFilter(filters, 'since', span), 'from', undefined), 'to', undefined));
  const bound = (name: 'from' | 'to', local: string) => {
    const moment = new Date(local).getTime() / 1000;
    const value = Number.isFinite(moment) ? String(moment) : undefined;
    onFilters(withFilter(withFilter(filters, 'since', undefined), name, value));
  };
  const isSpan = since !== undefined || (from === undefined && to === undefined);
  return (
    <Menu name="Started" chosen={nameOf(since, from, to)}>
      <div class="choices">
        {[[undefined, 'Any time'] as const, ...spans].map(([span, name]) => (
          <label key={name} class="choice">
            <input
              type="radio"
              name="since"
              checked={isSpan && since === span}
              onChange={() => choose(span)}
            />
            <span class="choice-name">{name}</span>
          </label>
        ))}
      </div>
      {(['from', 'to'] as const).map((name) => (
        <label key={name} class="labelled">
          {name === 'from' ? 'From' : 'Before'}
          <input
            type="datetime-local"
            class="field"
            value={localOf(name === 'from' ? from : to)}
            onChange={(event) => bound(name, event.currentTarget.value)}
          />
        </label>
      ))}
    </Menu>
  );
}

function nameOf(since?: string, from?: string, to?: string): string | undefined {
  if (since !== undefined)
    return spans.find(([span]) => span === since)?.[1].toLowerCase() ?? `last ${since}`;
  const now = Date.now() / 1000;
  const moment = (unix: string) => `${formatDay(Number(unix), now)} ${formatTime(Number(unix)).slice(0, 5)}`;
  if (from !== undefined && to !== undefined) return `${moment(from)} to ${moment(to)}`;
  if (from !== undefined) return `from ${moment(from)}`;
  return to === undefined ? undefined : `before ${moment(to)}`;
}

/** The value of a `datetime-local` input: local time without a zone. */
function localOf(unix: string | undefined): string {
  const date = new Date(Number(unix) * 1000);
  if (unix === undefined || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const figures: readonly (readonly [FigureFilter, string])[] = [
  ['minLatencyP95', 'Minimum latency p95 (seconds)'],
  ['minDuration', 'Minimum length (seconds)'],
  ['maxDuration', 'Maximum length (seconds)'],
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

/** Less common filters. */
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
          <option value="has">available</option>
          <option value="lacks">not available</option>
        </select>
      </label>
    </Menu>
  );
}
