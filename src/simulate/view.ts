import { styleText } from 'node:util';
import type { Figures, Row } from './figures.ts';
import { type IncidentName, incidentNames, incidentSpecs } from './incidents.ts';

/** Everything that one picture of the terminal shows. */
export interface View {
  /** Milliseconds since the start. */
  elapsed: number;
  metricsUrl: string;
  controlUrl: string;
  figures: Figures;
  incidents: readonly IncidentName[];
}

export interface ViewOptions {
  /** Columns of the terminal; no line is longer. */
  width: number;
  colour: boolean;
  /** Whether keys are read, so that they are shown. */
  keys: boolean;
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const columns = [
  'agent',
  'version',
  'active',
  'done',
  'crashed',
  'turns',
  'p50',
  'p95',
  'errors',
  'tool errors',
];
/** Columns that go first when the terminal is narrow, from the last one on. */
const widths = [12, 13, 6, 5, 7, 6, 7, 7, 6, 11];

/** The picture of a terminal, line by line. */
export function renderScreen(view: View, { width, colour, keys }: ViewOptions): string[] {
  const paint = (style: Style, text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const { figures, incidents } = view;
  const head = [
    `${paint('bold', 'Earshot')} simulated call centre, ${clock(view.elapsed)}`,
    '',
    `  metrics    ${paint('cyan', `${view.metricsUrl}/metrics`)}`,
    `  incidents  ${paint('cyan', `${view.controlUrl}/incidents`)}`,
    '',
  ];
  const table = [
    paint('dim', cells(columns)),
    ...figures.rows.map((row) => line(row, paint)),
    line(figures.total, paint),
    '',
    `  errors     ${errorsOf(figures) || 'none'}`,
    '',
  ];
  const switches = incidentNames.map((name, i) => {
    const on = incidents.includes(name);
    const key = keys ? `${i + 1} ` : '';
    const text = `  ${key}[${on ? 'on ' : 'off'}] ${name.padEnd(14)} ${incidentSpecs[name]}`;
    return on ? paint('yellow', text) : text;
  });
  const foot = keys
    ? ['', paint('dim', '  p50 and p95: turn latency of the last minute · 1-5 incidents · q quits')]
    : [];
  return [...head, ...table, ...switches, ...foot].map((text) => clip(text, width));
}

/** The same in one line, for logs. */
export function renderLine({ elapsed, figures: { total }, incidents }: View): string {
  return [
    clock(elapsed),
    `active ${total.active}`,
    `done ${total.done}`,
    `crashed ${total.crashed}`,
    `turns ${total.turns}`,
    `p50 ${seconds(total.p50)}`,
    `p95 ${seconds(total.p95)}`,
    `errors ${total.errors}`,
    `incidents ${incidents.join(', ') || 'none'}`,
  ].join('  ');
}

/** What remains to be said at the end. */
export function renderSummary(view: Pick<View, 'elapsed' | 'figures'>): string[] {
  const { figures, elapsed } = view;
  return [
    `${figures.total.done} calls and ${figures.total.turns} turns in ${clock(elapsed)}; latencies of the whole run:`,
    '',
    cells(columns.filter((name) => name !== 'active')),
    ...[...figures.rows, figures.total].map((row) =>
      cells(valuesOf(row).filter((_, i) => columns[i] !== 'active')),
    ),
    '',
    `  errors     ${errorsOf(figures) || 'none'}`,
  ];
}

const valuesOf = (row: Row): string[] => [
  row.agent,
  row.version,
  String(row.active),
  String(row.done),
  String(row.crashed),
  String(row.turns),
  seconds(row.p50),
  seconds(row.p95),
  String(row.errors),
  String(row.failedTools),
];

function line(row: Row, paint: (style: Style, text: string) => string): string {
  const text = cells(valuesOf(row));
  if ((row.p95 ?? 0) > 3) return paint('red', text);
  return row.version === '' ? paint('bold', text) : text;
}

/** Names to the left, numbers to the right. */
function cells(values: readonly string[]): string {
  const offset = columns.length - values.length;
  const padded = values.map((value, i) => {
    const width = widths[i < 2 ? i : i + offset] ?? 8;
    return i < 2 ? value.slice(0, width).padEnd(width) : value.padStart(width);
  });
  return `  ${padded.join('  ')}`;
}

const errorsOf = ({ errors }: Figures): string =>
  Object.entries(errors)
    .map(([component, count]) => `${component} ${count}`)
    .join(', ');

const seconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(2)} s`);

function clock(ms: number): string {
  const total = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  const rest = `${String(minutes).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

// Colours are written as escape sequences, which take no room.
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what an escape sequence begins with
const escapes = /\x1b\[[0-9;]*m/g;

/** Cuts a line at the terminal's edge; a coloured line that is cut loses its colours. */
function clip(text: string, width: number): string {
  const bare = text.replace(escapes, '');
  return bare.length <= width ? text : bare.slice(0, Math.max(0, width));
}
