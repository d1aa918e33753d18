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
const rounds = 3;
/** After how many seconds Prometheus gives a query up, as it does by default. */
const timeout = 120;

/** The panels of 30 days: what they take of recorded series, and of raw ones. */
export async function queries() {
  if (!find('prometheus') || !find('promtool')) {
    throw new Error('Prometheus is missing: install it, or set PROMETHEUS and PROMTOOL to the commands');
  }
  const directory = process.env.EARSHOT_HISTORY ?? mkdtempSync(join(tmpdir(), 'earshot-history-'));
  const raw = mkdtempSync(join(tmpdir(), 'earshot-raw-boards-'));
  let prometheus;
  try {
    if (!process.env.EARSHOT_HISTORY) {
      await run(process.execPath, [join(root, 'test/stack/history/build.mjs'), directory]);
    }
    await run(process.execPath, [join(root, 'dist/cli/main.js'), 'generate', '--no-recording', '--out', raw]);
    const { storage, start, end } = JSON.parse(readFileSync(join(directory, 'built.json'), 'utf8'));
    prometheus = await startPrometheus({ config: {}, storage, retention: '90d' });
    const range = { start, end, step: 3600 };
    return report(await measure(prometheus.url, range, raw), range);
  } finally {
    await prometheus?.stop();
    rmSync(raw, { recursive: true });
    if (!process.env.EARSHOT_HISTORY) rmSync(directory, { recursive: true });
  }
}

/** The slowest panel of each board that has data, and the same panel without recorded series. */
async function measure(url, range, raw) {
  const found = [];
  for (const board of readdirSync(join(root, 'dashboards'))) {
    const recorded = [];
    for (const panel of panels(join(root, 'dashboards', board), range)) {
      const first = await timed(url, panel, range);
      if (first.series > 0) recorded.push({ ...panel, took: first.took });
    }
    const slowest = recorded.toSorted((a, b) => b.took - a.took)[0];
    if (!slowest) continue;
    const same = panels(join(raw, 'dashboards', board), range).find(({ id }) => id === slowest.id);
    const again = [];
    for (let round = 0; round < rounds; round++) again.push((await timed(url, slowest, range)).took);
    found.push({
      board: board.replace('.json', ''),
      panel: slowest.title,
      recorded: median(again),
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

/** Milliseconds until all queries of a panel are answered, one after the other, and how many series came. */
async function timed(url, { targets }, { start, end, step }) {
  const startedAt = performance.now();
  let series = 0;
  for (const { expr, instant } of targets) {
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
  return { took: performance.now() - startedAt, series };
}

function report(found, { start, end }) {
  const worst = found.toSorted((a, b) => b.recorded - a.recorded)[0];
  return {
    columns: ['board: its slowest panel', 'recorded', 'raw', 'raw ÷ recorded'],
    rows: found.map(({ board, panel, recorded, raw }) => [
      `${board}: ${panel}`,
      ms(recorded),
      ms(raw),
      `${(raw / recorded).toFixed(0)} ×`,
    ]),
    notes: [
      `${Math.round((end - start) / 86_400)} days of 50 workers, a sample every two minutes, a point an hour.`,
      `The slowest of all took ${ms(worst.recorded)}.`,
    ],
    goals: [
      atLeast(
        'the slowest panel of a board at 30 days, raw ÷ recorded, median board',
        median(found.map(({ raw, recorded }) => raw / recorded)),
        5,
      ),
    ],
    checks: [['every board has a panel with data', found.length >= 5]],
  };
}
