import { useState } from 'preact/hooks';
import { formatCount, formatReason } from '../formats.ts';
import { Menu } from './menu.tsx';

/** From how many values on they can be searched, and how many are shown at most. */
const searchable = 10;
const most = 200;

interface ChoicesProps {
  name: string;
  /** How many sessions have each value; undefined: it is not known. */
  counts: Readonly<Record<string, number>> | undefined;
  chosen: readonly string[];
  onChoose: (values: readonly string[]) => void;
  onOpen: () => void;
}

/** A filter of which any number of values can be chosen. */
export function Choices({ name, counts: known, chosen, onChoose, onOpen }: ChoicesProps) {
  const [search, setSearch] = useState('');
  const counts = known ?? {};
  // What is chosen stays in sight, also where no session has it any more.
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
        {found.length === 0 && <p class="quiet">{known ? 'None' : 'They could not be read.'}</p>}
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
