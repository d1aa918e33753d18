import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Row } from '../../src/simulate/figures.ts';
import { type IncidentName, incidentNames } from '../../src/simulate/incidents.ts';
import {
  renderLine,
  renderScreen,
  renderSummary,
  startTerminal,
  type Terminal,
  type TerminalOptions,
  type View,
} from '../../src/simulate/terminal.ts';

const totalRow = {
  agent: 'all',
  version: '',
  active: 1,
  finished: 0,
  failed: 0,
  crashed: 0,
  turns: 5,
  errors: 0,
  failedTools: 0,
};
const minimalView: View = {
  elapsed: 1000,
  metricsUrl: 'http://127.0.0.1:9464',
  controlUrl: 'http://127.0.0.1:9466',
  reports: '/tmp/reports',
  figures: { total: { ...totalRow, p50: 1, p95: 2 }, rows: [], errors: {} },
  incidents: [],
};

let terminal: Terminal | undefined;
afterEach(async () => {
  await terminal?.stop();
  terminal = undefined;
});

/** A terminal in memory. It records the output, and accepts key presses. */
function start(
  options: Partial<TerminalOptions> & { isTTY?: boolean; columns?: number; rows?: number } = {},
) {
  const { isTTY = true, columns = 100, rows = 30, ...rest } = options;
  let written = '';
  const raw: boolean[] = [];
  const input = Object.assign(new EventEmitter(), {
    isTTY,
    setRawMode: (mode: boolean) => raw.push(mode),
    resume: () => {},
    pause: () => {},
  });
  const output = Object.assign(new EventEmitter(), {
    isTTY,
    columns,
    rows,
    write: (text: string) => {
      written += text;
      return true;
    },
  });
  const on = new Set<IncidentName>();
  const quit = vi.fn();
  const incidents = {
    active: (name: IncidentName) => on.has(name),
    list: () => [...on],
    set: (name: IncidentName, state: boolean) => void (state ? on.add(name) : on.delete(name)),
  };
  terminal = startTerminal({
    input: input as never,
    output: output as never,
    incidents,
    view: async () => minimalView,
    onQuit: quit,
    ...rest,
  });
  return {
    written: () => written,
    raw,
    press: (key: string) => input.emit('data', Buffer.from(key)),
    on,
    quit,
  };
}

test('a terminal of unknown size shows output anyway', async () => {
  const { written } = start({ columns: 0, rows: 0 });
  await vi.waitFor(() => expect(written()).toContain('simulated call centre'));
});

test('the terminal is restored at the end', async () => {
  const { written, raw } = start();
  await vi.waitFor(() => expect(written()).toContain('simulated call centre'));
  expect(written().startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
  await terminal?.stop();
  expect(written().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  expect(raw).toEqual([true, false]);
});

test('each number key toggles its incident', () => {
  const { press, on } = start();
  for (const key of ['1', '5']) press(key);
  expect([...on]).toEqual([incidentNames[0], incidentNames[4]]);
  press('1');
  expect([...on]).toEqual([incidentNames[4]]);
  press('9');
  expect([...on]).toEqual([incidentNames[4]]);
});

test.each(['q', '\x03', '\x04'])('the key %j quits', (key) => {
  const { press, quit } = start();
  press(key);
  expect(quit).toHaveBeenCalledTimes(1);
});

test('an output other than a terminal gets plain lines', async () => {
  const { written, raw } = start({ isTTY: false });
  await vi.waitFor(() => expect(written()).toContain('\n'));
  await terminal?.stop();
  expect(written().split('\n')[0]).toBe(
    '00:01  active 1  finished 0  failed 0  crashed 0  turns 5  p50 1.00 s  p95 2.00 s  errors 0  incidents none',
  );
  expect(written().includes('\x1b')).toBe(false);
  expect(raw).toEqual([]);
});

test('programs get JSON', async () => {
  const { written } = start({ isTTY: false, format: 'json' });
  await vi.waitFor(() => expect(written()).toContain('\n'));
  expect(JSON.parse(written().split('\n')[0] ?? '')).toEqual(minimalView);
});

test('a terminal of few lines is not scrolled', async () => {
  const { written } = start();
  await vi.waitFor(() => expect(written()).toContain('\x1b[?2026l'));
  const frame = written().split('\x1b[?2026h')[1] ?? '';
  expect(frame.split('\r\n').length).toBeLessThanOrEqual(30);
});

const row: Row = {
  agent: 'front-desk',
  version: '2.4.0',
  active: 3,
  finished: 12,
  failed: 3,
  crashed: 1,
  turns: 87,
  errors: 2,
  failedTools: 4,
  p50: 0.914,
  p95: 2.2,
};
const view: View = {
  elapsed: 134_000,
  metricsUrl: 'http://127.0.0.1:9464',
  controlUrl: 'http://127.0.0.1:9466',
  sessionsUrl: 'http://127.0.0.1:9465',
  reports: '/tmp/talkgauge-simulate-Ab12Cd/reports',
  figures: { total: { ...row, agent: 'all', version: '' }, rows: [row], errors: { llm: 2 } },
  incidents: ['slow-llm'],
};
const wide = { width: 120, height: 50, colour: false, keys: true };

describe('the terminal view', () => {
  const screen = renderScreen(view, wide);

  test('shows addresses, calls, latencies, errors, incidents and keys', () => {
    expect(screen[0]).toBe('Talkgauge simulated call centre, 02:14');
    expect(screen).toContain('  sessions   http://127.0.0.1:9465/ in a browser');
    expect(screen).toContain('  metrics    http://127.0.0.1:9464/metrics');
    expect(screen).toContain('  incidents  http://127.0.0.1:9466/incidents');
    expect(screen).toContain('  reports    /tmp/talkgauge-simulate-Ab12Cd/reports');
    expect(screen).toContain(
      '  front-desk   2.4.0              3        12       3        1      87   0.91 s   2.20 s       2            4',
    );
    expect(screen).toContain('  errors     llm 2');
    expect(screen.filter((line) => line.includes('[on ]'))).toEqual([
      '  1 [on ] slow-llm       openai takes six times as long to the first token',
    ]);
    expect(screen.at(-1)).toContain('1-5 incidents');
  });

  test('has no escape sequence without colour', () => {
    expect(screen.join('').includes('\x1b')).toBe(false);
  });

  test('has the same text with colour', () => {
    const coloured = renderScreen(view, { ...wide, colour: true });
    expect(coloured.join('')).toContain('\x1b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with this character
    expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(screen);
  });

  test.each([20, 60, 80])('fits into %i columns', (width) => {
    const lines = renderScreen(view, { ...wide, width });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.length).toBe(screen.length);
  });

  test('keeps the latencies on a terminal of 80 columns, and drops less important columns', () => {
    const header = renderScreen(view, { ...wide, width: 80 }).find((line) => line.includes('agent'));
    expect(header).toBe('  agent        version       active  finished  failed  crashed      p50      p95');
  });

  test('drops blank lines first on a terminal of few lines', () => {
    const lines = renderScreen(view, { ...wide, height: screen.length - 2 });
    expect(lines).toEqual(screen.filter((line) => line !== ''));
    expect(renderScreen(view, { ...wide, height: 8 }).length).toBe(8);
  });

  test('shows no keys if keys are not read', () => {
    expect(renderScreen(view, { ...wide, keys: false }).join()).not.toContain('q quits');
  });
});

test('a very narrow terminal still shows failures and latencies', () => {
  const header = renderScreen(view, { ...wide, width: 50 }).find((line) => line.includes('agent'));
  expect(header).toBe('  agent        active  failed      p50      p95');
});

test('a log line contains all values', () => {
  expect(renderLine(view)).toBe(
    '02:14  active 3  finished 12  failed 3  crashed 1  turns 87  p50 0.91 s  p95 2.20 s  errors 2  incidents slow-llm',
  );
});

test('the summary counts finished, failed and crashed calls of the whole run', () => {
  const summary = renderSummary({ figures: view.figures, elapsed: 3_661_000 });
  expect(summary[0]).toBe('16 calls and 87 turns in 1:01:01; latencies of the whole run:');
  expect(summary).toContain(
    '  front-desk   2.4.0               12       3        1      87   0.91 s   2.20 s       2            4',
  );
});
