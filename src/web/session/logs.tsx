import { useMemo, useState } from 'preact/hooks';
import { api, type Logs as LogsData, useRequest } from '../api.ts';
import { formatClock, formatCount } from '../formats.ts';
import { Failure, Notice } from '../notices.tsx';
import { attributesText, originOf, uniqueValues, without } from './log-attributes.ts';

interface LogsProps {
  id: string;
  /** The start of the axis, in unix seconds. */
  start: number;
  /** Changes when more lines may be available. */
  version: number;
  missing?: string;
  onPoint(at: number): void;
}

type Line = LogsData['logs'][number];

const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
/** Lines per request; the maximum of the API. */
const maxLines = 5000;

/** The agent's log. */
export function Logs({ id, start, version, missing, onPoint }: LogsProps) {
  const [level, setLevel] = useState<(typeof levels)[number]>('info');
  const [words, setWords] = useState('');
  const { value, error, reload } = useRequest(
    (signal) => api.logs(id, new URLSearchParams({ level, limit: String(maxLines) }), signal),
    [id, level, version],
  );
  const origin = useMemo(() => originOf(value?.logs ?? []), [value]);
  const common = attributesText(uniqueValues(origin));
  const wanted = words.trim().toLowerCase();
  const lines =
    value?.logs.filter((line) => wanted === '' || textOf(line).toLowerCase().includes(wanted)) ?? [];
  return (
    <div class="logs">
      <div class="logs-bar">
        <label>
          Level{' '}
          <select
            class="field"
            value={level}
            onChange={({ currentTarget }) => setLevel(currentTarget.value as typeof level)}
          >
            {levels.map((each) => (
              <option key={each} value={each}>
                {each === 'error' ? 'error' : `${each} and above`}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span class="hidden">Filter lines</span>
          <input
            class="field"
            type="search"
            placeholder="Filter lines"
            value={words}
            onInput={({ currentTarget }) => setWords(currentTarget.value)}
          />
        </label>
        <span class="quiet" role="status">
          {value && countOf(lines.length, value)}
        </span>
      </div>
      {error && <Failure what="The log could not be loaded" error={error} retry={reload} small />}
      {value && lines.length === 0 && (
        <Notice title={value.total === 0 && level === 'trace' ? 'No logs' : 'No matching lines'}>
          {missing !== undefined && <p class="quiet">{missing}</p>}
        </Notice>
      )}
      {lines.length > 0 && common !== '' && (
        <p class="log-origin quiet">
          Common attributes: <code>{common}</code>. A line shows only attributes that differ.
        </p>
      )}
      {lines.length > 0 && (
        <ol class="log-lines">
          {lines.map((line, index) => (
            <LogLine key={index} line={line} origin={origin} start={start} onPoint={onPoint} />
          ))}
        </ol>
      )}
    </div>
  );
}

const countOf = (shown: number, { total, logs }: LogsData): string =>
  total > logs.length
    ? `${formatCount(shown)} of the first ${formatCount(logs.length)} of ${formatCount(total)} lines`
    : `${formatCount(shown)} lines`;

const textOf = (line: Line): string => `${line.message} ${line.scope} ${attributesText(line.attributes)}`;

interface LogLineProps {
  line: Line;
  origin: Line['attributes'];
  start: number;
  onPoint(at: number): void;
}

function LogLine({ line, origin, start, onPoint }: LogLineProps) {
  const at = Math.max(0, line.at - start);
  const attributes = attributesText(without(line.attributes, origin));
  return (
    <li class={`log log-${line.level}`}>
      <button
        type="button"
        class="moment"
        aria-label={`Go to ${formatClock(at, 1)}`}
        onClick={() => onPoint(at)}
      >
        {formatClock(at, 1)}
      </button>
      <span class="log-level">{line.level}</span>
      <span class="log-text">
        {line.message} {attributes && <span class="quiet">{attributes}</span>}
      </span>
    </li>
  );
}
