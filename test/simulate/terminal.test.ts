import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { type IncidentName, incidentNames } from '../../src/simulate/incidents.ts';
import { startTerminal, type Terminal, type TerminalOptions } from '../../src/simulate/terminal.ts';
import type { View } from '../../src/simulate/view.ts';

const row = {
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
const view: View = {
  elapsed: 1000,
  metricsUrl: 'http://127.0.0.1:9464',
  controlUrl: 'http://127.0.0.1:9466',
  reports: '/tmp/reports',
  figures: { total: { ...row, p50: 1, p95: 2 }, rows: [], errors: {} },
  incidents: [],
};

let terminal: Terminal | undefined;
afterEach(async () => {
  await terminal?.stop();
  terminal = undefined;
});

/** A terminal of memory: what is written is kept, and keys can be pressed. */
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
    view: async () => view,
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

test('a terminal that does not know its size shows something all the same', async () => {
  const { written } = start({ columns: 0, rows: 0 });
  await vi.waitFor(() => expect(written()).toContain('simulated call centre'));
});

test('a terminal is taken over and given back as it was', async () => {
  const { written, raw } = start();
  await vi.waitFor(() => expect(written()).toContain('simulated call centre'));
  expect(written().startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
  await terminal?.stop();
  expect(written().endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
  expect(raw).toEqual([true, false]);
});

test('each number key switches its incident, and switches it back', () => {
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

test('what is no terminal gets plain lines', async () => {
  const { written, raw } = start({ isTTY: false });
  await vi.waitFor(() => expect(written()).toContain('\n'));
  await terminal?.stop();
  expect(written().split('\n')[0]).toBe(
    '00:01  active 1  finished 0  failed 0  crashed 0  turns 5  p50 1.00 s  p95 2.00 s  errors 0  incidents none',
  );
  expect(written().includes('\x1b')).toBe(false);
  expect(raw).toEqual([]);
});

test('a program gets JSON', async () => {
  const { written } = start({ isTTY: false, format: 'json' });
  await vi.waitFor(() => expect(written()).toContain('\n'));
  expect(JSON.parse(written().split('\n')[0] ?? '')).toEqual(view);
});

test('a low terminal is not scrolled', async () => {
  const { written } = start();
  await vi.waitFor(() => expect(written()).toContain('\x1b[?2026l'));
  const frame = written().split('\x1b[?2026h')[1] ?? '';
  expect(frame.split('\r\n').length).toBeLessThanOrEqual(30);
});
