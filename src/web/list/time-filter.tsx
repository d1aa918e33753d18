import { formatDay, formatTime } from '../formats.ts';
import { withFilter } from './filters.ts';
import { Menu } from './menu.tsx';

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

/** When sessions began: a time before now, or from one moment to another. */
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

/** As `datetime-local` wants it: without a zone, by the clock of who looks. */
function localOf(unix: string | undefined): string {
  const date = new Date(Number(unix) * 1000);
  if (unix === undefined || Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
