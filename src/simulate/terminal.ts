import type { ReadStream, WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { callsOf, type Figures, type Row } from './figures.ts';
import { type IncidentName, type IncidentSwitches, incidentNames, incidentSpecs } from './incidents.ts';

/** The data of one frame of the terminal. */
export interface View {
  /** Milliseconds since the start. */
  elapsed: number;
  metricsUrl: string;
  controlUrl: string;
  /** The URL of the session list in a browser. */
  sessionsUrl?: string;
  /** The location of the reports. */
  reports: string;
  figures: Figures;
  incidents: readonly IncidentName[];
}

export interface ViewOptions {
  /** Columns of the terminal; no line is longer, and the least important columns are omitted first. */
  width: number;
  /** Rows of the terminal; if the frame does not fit, first the blank lines are removed, then the last lines. */
  height: number;
  colour: boolean;
  /** Whether keys are read; if so, they are shown. */
  keys: boolean;
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

interface Column {
  name: string;
  width: number;
  of: (row: Row) => string | number;
}

const columns: readonly Column[] = [
  { name: 'agent', width: 11, of: (row) => row.agent },
  { name: 'version', width: 12, of: (row) => row.version },
  { name: 'active', width: 6, of: (row) => row.active },
  { name: 'finished', width: 8, of: (row) => row.finished },
  { name: 'failed', width: 6, of: (row) => row.failed },
  { name: 'crashed', width: 7, of: (row) => row.crashed },
  { name: 'turns', width: 6, of: (row) => row.turns },
  { name: 'p50', width: 7, of: (row) => seconds(row.p50) },
  { name: 'p95', width: 7, of: (row) => seconds(row.p95) },
  { name: 'errors', width: 6, of: (row) => row.errors },
  { name: 'tool errors', width: 11, of: (row) => row.failedTools },
];

/** The columns that a narrow terminal omits, in this order. */
const optionalColumns = ['tool errors', 'errors', 'turns', 'finished', 'version', 'crashed'];

const spaced = (chosen: readonly Column[]): number => chosen.reduce((sum, { width }) => sum + width + 2, 0);

/** The columns that fit. */
function fitting(width: number): readonly Column[] {
  let chosen = columns;
  for (const name of optionalColumns) {
    if (spaced(chosen) <= width) break;
    chosen = chosen.filter((column) => column.name !== name);
  }
  return chosen;
}

/** The lines of a frame. */
export function renderScreen(view: View, { width, height, colour, keys }: ViewOptions): string[] {
  const paint = (style: Style, text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const { figures, incidents } = view;
  const head = [
    `${paint('bold', 'Talkgauge')} simulated call centre, ${clock(view.elapsed)}`,
    '',
    ...(view.sessionsUrl ? [`  sessions   ${paint('cyan', `${view.sessionsUrl}/`)} in a browser`] : []),
    `  metrics    ${paint('cyan', `${view.metricsUrl}/metrics`)}`,
    `  incidents  ${paint('cyan', `${view.controlUrl}/incidents`)}`,
    `  reports    ${view.reports}`,
    '',
  ];
  const chosen = fitting(width);
  const table = [
    paint('dim', header(chosen)),
    ...figures.rows.map((row) => line(row, chosen, paint)),
    line(figures.total, chosen, paint),
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
    ? ['', paint('dim', '  p50, p95: of the last minute · failed: by an error · 1-5 incidents · q quits')]
    : [];
  const lines = [...head, ...table, ...switches, ...foot].map((text) => clip(text, width));
  return (lines.length > height ? lines.filter((text) => text !== '') : lines).slice(0, height);
}

/** The same figures in one line, for logs. */
export function renderLine({ elapsed, figures: { total }, incidents }: View): string {
  return [
    clock(elapsed),
    `active ${total.active}`,
    `finished ${total.finished}`,
    `failed ${total.failed}`,
    `crashed ${total.crashed}`,
    `turns ${total.turns}`,
    `p50 ${seconds(total.p50)}`,
    `p95 ${seconds(total.p95)}`,
    `errors ${total.errors}`,
    `incidents ${incidents.join(', ') || 'none'}`,
  ].join('  ');
}

/** The summary at the end of the run. */
export function renderSummary(view: Pick<View, 'elapsed' | 'figures'>): string[] {
  const { figures, elapsed } = view;
  return [
    `${callsOf(figures.total)} calls and ${figures.total.turns} turns in ${clock(elapsed)}; latencies of the whole run:`,
    '',
    header(summaryColumns),
    ...[...figures.rows, figures.total].map((row) => cells(row, summaryColumns)),
    '',
    `  errors     ${errorsOf(figures) || 'none'}`,
  ];
}

/** The columns of the summary, after all calls have ended. */
const summaryColumns = columns.filter(({ name }) => name !== 'active');

function line(row: Row, chosen: readonly Column[], paint: (style: Style, text: string) => string): string {
  const text = cells(row, chosen);
  if ((row.p95 ?? 0) > 3) return paint('red', text);
  return row.version === '' ? paint('bold', text) : text;
}

/** Names are left-aligned, numbers right-aligned. */
const cell = (text: string, { name, width }: Column): string =>
  name === 'agent' || name === 'version' ? text.slice(0, width).padEnd(width) : text.padStart(width);

const header = (chosen: readonly Column[]): string =>
  `  ${chosen.map((column) => cell(column.name, column)).join('  ')}`;

const cells = (row: Row, chosen: readonly Column[]): string =>
  `  ${chosen.map((column) => cell(String(column.of(row)), column)).join('  ')}`;

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

// Colours are escape sequences, which have no width.
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with it
const escapes = /\x1b\[[0-9;]*m/g;

/** Truncates a line to the terminal's width; a truncated line loses its colours. */
function clip(text: string, width: number): string {
  const bare = text.replace(escapes, '');
  return bare.length <= width ? text : bare.slice(0, Math.max(0, width));
}

export interface TerminalOptions {
  output: Pick<WriteStream, 'write'> & Partial<WriteStream>;
  input: Pick<ReadStream, 'on' | 'off'> & Partial<ReadStream>;
  incidents: IncidentSwitches;
  /** Returns the current view. */
  view: () => Promise<View>;
  /** Called when the user quits by key. */
  onQuit: () => void;
  /** `json` writes the view as a line of JSON. @default screen on a terminal, else lines */
  format?: 'screen' | 'lines' | 'json';
  /** @default false on anything but a terminal, and with NO_COLOR set */
  colour?: boolean;
}

export interface Terminal {
  /** Draws a last time, and restores the terminal. */
  stop(): Promise<void>;
}

const screenIntervalMs = 500;
const lineIntervalMs = 5000;

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
// One write, within a synchronized update, redraws the frame in place without flicker.
const frame = (lines: readonly string[]) =>
  `\x1b[?2026h\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J\x1b[?2026l`;

/** Shows the call centre: a live screen on a terminal, periodic lines elsewhere. */
export function startTerminal(options: TerminalOptions): Terminal {
  const { output, input, view, incidents, onQuit } = options;
  const format = options.format ?? (output.isTTY ? 'screen' : 'lines');
  const colour = options.colour ?? (output.isTTY === true && !process.env.NO_COLOR);
  const keys = format === 'screen' && input.isTTY === true;
  let drawing: Promise<void> | undefined;

  const draw = async () => {
    const now = await view();
    if (format === 'json') output.write(`${JSON.stringify(now)}\n`);
    else if (format === 'lines') output.write(`${renderLine(now)}\n`);
    else {
      // Some pseudo-terminals, for example in containers, report a size of 0 by 0.
      const size = { width: output.columns || 80, height: output.rows || 24 };
      output.write(frame(renderScreen(now, { ...size, colour, keys })));
    }
  };
  const redraw = () => {
    // A frame that is being drawn is recent enough.
    drawing ??= draw().finally(() => {
      drawing = undefined;
    });
    return drawing;
  };
  const onKey = (data: Buffer) => {
    for (const key of data.toString()) {
      const name = incidentNames[Number(key) - 1];
      if (name) incidents.set(name, !incidents.active(name));
      // In raw mode, Ctrl-C and Ctrl-D arrive as ordinary keys.
      else if (key === 'q' || key === '\x03' || key === '\x04') onQuit();
    }
    void redraw();
  };

  if (format === 'screen') output.write(enter);
  if (keys) {
    input.setRawMode?.(true);
    input.resume?.();
    input.on('data', onKey);
  }
  output.on?.('resize', redraw);
  const timer = setInterval(() => void redraw(), format === 'screen' ? screenIntervalMs : lineIntervalMs);
  void redraw();

  return {
    async stop() {
      clearInterval(timer);
      output.off?.('resize', redraw);
      if (keys) {
        input.off('data', onKey);
        input.setRawMode?.(false);
        input.pause?.();
      }
      await drawing;
      if (format === 'screen') output.write(leave);
      else await redraw();
    },
  };
}
