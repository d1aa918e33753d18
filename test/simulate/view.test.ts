import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/simulate/figures.ts';
import { renderLine, renderScreen, renderSummary, type View } from '../../src/simulate/view.ts';

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

describe('the picture of the terminal', () => {
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

  test('says the same with colour', () => {
    const coloured = renderScreen(view, { ...wide, colour: true });
    expect(coloured.join('')).toContain('\x1b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what an escape sequence begins with
    expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(screen);
  });

  test.each([20, 60, 80])('fits into %i columns', (width) => {
    const lines = renderScreen(view, { ...wide, width });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.length).toBe(screen.length);
  });

  test('keeps the latencies on a terminal of 80 columns, and does without what matters less', () => {
    const header = renderScreen(view, { ...wide, width: 80 }).find((line) => line.includes('agent'));
    expect(header).toBe('  agent        version       active  finished  failed  crashed      p50      p95');
  });

  test('gives up its blank lines on a low terminal, before anything else', () => {
    const lines = renderScreen(view, { ...wide, height: screen.length - 2 });
    expect(lines).toEqual(screen.filter((line) => line !== ''));
    expect(renderScreen(view, { ...wide, height: 8 }).length).toBe(8);
  });

  test('shows no keys where none are read', () => {
    expect(renderScreen(view, { ...wide, keys: false }).join()).not.toContain('q quits');
  });
});

test('a narrow terminal shows at last who failed and how slow it is', () => {
  const header = renderScreen(view, { ...wide, width: 50 }).find((line) => line.includes('agent'));
  expect(header).toBe('  agent        active  failed      p50      p95');
});

test('a line for logs has it all, too', () => {
  expect(renderLine(view)).toBe(
    '02:14  active 3  finished 12  failed 3  crashed 1  turns 87  p50 0.91 s  p95 2.20 s  errors 2  incidents slow-llm',
  );
});

test('the summary counts the whole run: calls are those that finished, failed and crashed', () => {
  const summary = renderSummary({ figures: view.figures, elapsed: 3_661_000 });
  expect(summary[0]).toBe('16 calls and 87 turns in 1:01:01; latencies of the whole run:');
  expect(summary).toContain(
    '  front-desk   2.4.0               12       3        1      87   0.91 s   2.20 s       2            4',
  );
});
