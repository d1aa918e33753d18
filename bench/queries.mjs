import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { find, startPrometheus } from '../test/stack/servers.mjs';
import { median } from './measure.mjs';
import { atLeast, ms } from './report.mjs';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
/** The clock of processor time moves by 10 ms: recorded series are asked so often that it shows what one answer takes. */
const rounds = 10;
/** The resolution of processor time of one response, in milliseconds. */
const least = 10 / rounds;
/** After how many seconds Prometheus gives a query up, as it does by default. */
const timeout = 120;

/** The panels of 30 days: what processor time they take of recorded series, and of raw ones. */
export async function queries() {
  if (!find('prometheus') || !find('promtool')) {
    throw new Error('Prometheus is missing: install it, or set PROMETHEUS and PROMTOOL to the commands');
  }
  const directory = process.env.TALKGAUGE_HISTORY ?? mkdtempSync(join(tmpdir(), 'talkgauge-history-'));
  const raw = mkdtempSync(join(tmpdir(), 'talkgauge-raw-boards-'));
  let prometheus;
  try {
    if (!process.env.TALKGAUGE_HISTORY) {
      await run(process.execPath, [join(root, 'test/stack/history/build.mjs'), directory]);
    }
    await run(process.execPath, [join(root, 'dist/cli.js'), 'generate', '--no-recording', '--out', raw]);
    const { storage, start, end } = JSON.parse(readFileSync(join(directory, 'built.json'), 'utf8'));
    prometheus = await startPrometheus({ config: {}, storage, retention: '90d' });
    const range = { start, end, step: 3600 };
    return report(await measure(prometheus.url, range, raw), range);
  } finally {
    await prometheus?.stop();
    rmSync(raw, { recursive: true });
    if (!process.env.TALKGAUGE_HISTORY) rmSync(directory, { recursive: true });
  }
}

/** The most expensive panel of each board that has data, and the same panel without recorded series. */
async function measure(url, range, raw) {
  const found = [];
  for (const board of readdirSync(join(root, 'dashboards'))) {
    const recorded = [];
    for (const panel of panels(join(root, 'dashboards', board), range)) {
      const first = await timed(url, panel, range);
      if (first.series > 0) recorded.push({ ...panel, took: first.took });
    }
    const dearest = recorded.toSorted((a, b) => b.took - a.took)[0];
    if (!dearest) continue;
    const same = panels(join(raw, 'dashboards', board), range).find(({ id }) => id === dearest.id);
    const again = await timed(url, dearest, range, rounds);
    found.push({
      board: board.replace('.json', ''),
      panel: dearest.title,
      recorded: Math.max(again.took, least),
      raw: (await timed(url, same, range)).took,
    });
  }
  return found;
}

function panels(file, { start, end, step }) {
  const all = JSON.parse(readFileSync(file, 'utf8')).panels.flatMap((panel) => [
    panel,
    ...(panel.panels ?? []),
  ]);
  return (
    all
      // Boards of calls ask Loki and Tempo, too.
      .filter(({ targets }) => targets?.[0]?.datasource.type === 'prometheus')
      .map(({ id, title, targets }) => ({
        id,
        title,
        targets: targets.map(({ expr, instant = false }) => ({
          instant,
          expr: expr
            .replaceAll('$__rate_interval', `${step + 15}s`)
            .replaceAll('$__interval', `${step}s`)
            .replaceAll('$__range_s', `${end - start}`)
            .replaceAll('$__range', `${end - start}s`)
            // Hidden variables: a month is read from half hours, and no worker is chosen.
            .replaceAll(`$\{window:text}`, '1800')
            .replaceAll('$window', '30m')
            .replaceAll('$level', 'agent')
            .replaceAll(/\$\{?\w+(?::\w+)?\}?/g, '.*'),
        })),
      }))
  );
}

/**
 * Milliseconds of Prometheus' processor time for all queries of a panel, one after the other, and how many series came. How long
 * somebody waits depends on what else the machine does, too.
 */
async function timed(url, { targets }, { start, end, step }, times = 1) {
  const before = await processorTime(url);
  let series = 0;
  for (const { expr, instant } of Array.from({ length: times }, () => targets).flat()) {
    const body = new URLSearchParams(
      instant
        ? { query: expr, time: `${end}`, timeout: `${timeout}s` }
        : { query: expr, start: `${start}`, end: `${end}`, step: `${step}`, timeout: `${timeout}s` },
    );
    const response = await fetch(`${url}/api/v1/${instant ? 'query' : 'query_range'}`, {
      method: 'POST',
      body,
    });
    series += (await response.json()).data?.result?.length ?? 0;
  }
  return { took: ((await processorTime(url)) - before) / times, series };
}

/** Milliseconds of processor time that Prometheus has taken since it was started. */
async function processorTime(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return 1000 * Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1]);
}

function report(found, { start, end }) {
  const worst = found.toSorted((a, b) => b.recorded - a.recorded)[0];
  return {
    columns: ['board: its most expensive panel', 'recorded', 'raw', 'raw ÷ recorded'],
    rows: found.map(({ board, panel, recorded, raw }) => [
      `${board}: ${panel}`,
      ms(recorded),
      ms(raw),
      `${(raw / recorded).toFixed(0)} ×`,
    ]),
    notes: [
      `${Math.round((end - start) / 86_400)} days of 50 workers, a sample every two minutes, a point an hour.`,
      `Processor time of Prometheus for one answer, of ${rounds} where series are recorded. The most expensive of all took ${ms(worst.recorded)}.`,
    ],
    goals: [
      atLeast(
        'the most expensive panel of a board at 30 days, raw ÷ recorded, median board',
        median(found.map(({ raw, recorded }) => raw / recorded)),
        5,
      ),
    ],
    checks: [['every board has a panel with data', found.length >= 5]],
  };
}
