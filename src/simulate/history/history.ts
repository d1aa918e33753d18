import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import {
  type HistoryAgent,
  type Measure,
  measures,
  qualityAt,
  type Release,
  type Scenario,
  scenario,
  turnRate,
} from './scenario.ts';

export interface HistoryOptions {
  /** Unix seconds at which the history ends. */
  end: number;
  /** @default 30 */
  days?: number;
  /** @default 50 */
  workers?: number;
  /** Seconds between samples; rates over five minutes need two samples in them. @default 120 */
  interval?: number;
  /** @default the quiet month of {@link scenario} */
  scenario?: Scenario;
}

/** A time range whose samples fit into one file, in unix seconds. */
export interface TimeRange {
  from: number;
  to: number;
}

interface Run {
  agent: HistoryAgent;
  release: Release;
  /** The complete labels of the run's workers, after those of a measure. */
  workers: readonly string[];
  measures: readonly Measure[];
  /** The value of each counter for a worker with the traffic weight 1. */
  reached: Float64Array;
}

/**
 * The history of a fleet, as OpenMetrics with timestamps, which `promtool tsdb create-blocks-from openmetrics` converts to
 * blocks. It is computed without randomness, so that every ratio in it is known beforehand.
 */
export function createHistory(options: HistoryOptions) {
  const { end, days = 30, workers = 50, interval = 120, scenario: past = scenario } = options;
  const start = end - days * 86_400;
  const hoursBefore = (at: number) => (end - at) / 3600;
  const runs = past.agents.flatMap((agent, index) => runsOf(agent, index));

  function runsOf(agent: HistoryAgent, index: number): Run[] {
    const before = past.agents.slice(0, index).reduce((sum, { share }) => sum + share, 0);
    const first = Math.round((before / 100) * workers);
    const count = Math.round(((before + agent.share) / 100) * workers) - first;
    return agent.releases.map((release) => {
      const [from, to] = release.workers.map((percent) => Math.round((percent / 100) * count)) as [
        number,
        number,
      ];
      const of = measures(agent);
      return {
        agent,
        release,
        measures: of,
        reached: new Float64Array(of.length),
        workers: Array.from(
          { length: to - from },
          (_, nth) =>
            `agent_name="${agent.name}",agent_version="${release.version}",job="livekit-agents",` +
            `instance="worker-${String(first + from + nth + 1).padStart(2, '0')}:9464"`,
        ),
      };
    });
  }

  /** The samples of a range; ranges must be requested in order, without gaps. */
  function* lines({ from, to }: TimeRange): Generator<string> {
    for (const run of runs) {
      const times: number[] = [];
      for (let at = Math.ceil(from / interval) * interval; at < to; at += interval) {
        const hours = hoursBefore(at);
        if (at >= start && hours <= run.release.from && hours > run.release.to) times.push(at);
      }
      if (times.length === 0) continue;
      const growth = times.map((at) => ({
        turns: turnRate(hoursBefore(at)) * interval,
        quality: qualityAt(past, run.agent, run.release.version, hoursBefore(at)),
      }));
      for (const [index, measure] of run.measures.entries()) {
        let sum = run.reached[index] ?? 0;
        const totals = growth.map(({ turns, quality }) => {
          const now = sum;
          sum += turns * measure.perTurn(quality);
          return now;
        });
        run.reached[index] = sum;
        for (const [nth, worker] of run.workers.entries()) {
          // If all workers counted at the same moment, every rate would have regular spikes.
          yield block(measure, worker, times, totals, (nth + 0.5) / run.workers.length);
        }
      }
      for (const worker of run.workers) {
        yield gauge('lk_agents_sessions_active{', worker, times, (at) =>
          Math.round(turnRate(hoursBefore(at)) * 200),
        );
        yield gauge(
          'lk_agents_worker_load{nodename="host",',
          worker,
          times,
          (at) => turnRate(hoursBefore(at)) * 12,
        );
        yield gauge('up{', worker, times, () => 1);
      }
    }
  }

  return {
    start,
    end,
    /** The names of its series. */
    metrics: [
      ...new Set(runs.flatMap((run) => run.measures.map(({ series }) => series.split('{')[0] ?? ''))),
      'lk_agents_sessions_active',
      'lk_agents_worker_load',
      'up',
    ],
    /** The time ranges of the whole history, aligned to `seconds` as blocks are. */
    *timeRanges(seconds: number): Generator<TimeRange> {
      for (let from = Math.floor(start / seconds) * seconds; from < end; from += seconds) {
        yield { from: Math.max(from, start), to: Math.min(from + seconds, end) };
      }
    },
    /** The samples of a range, as OpenMetrics; ranges must be requested in order. */
    *openmetrics(range: TimeRange): Generator<string> {
      yield* lines(range);
      yield '# EOF\n';
    },
  };
}

function block(
  { series, digits }: Measure,
  worker: string,
  times: readonly number[],
  quality: readonly number[],
  ahead: number,
): string {
  const name = `${series}${series.endsWith('{') ? '' : ','}${worker}} `;
  let text = '';
  for (let at = 0; at < times.length; at++) {
    const value = quality[at] ?? 0;
    text += `${name}${digits === 0 ? Math.floor(value + ahead) : value.toFixed(digits)} ${times[at]}\n`;
  }
  return text;
}

const gauge = (
  name: string,
  worker: string,
  times: readonly number[],
  value: (at: number) => number,
): string => times.map((at) => `${name}${worker}} ${value(at)} ${at}\n`).join('');

const run = promisify(execFile);

/** The length of a block, the same as of Prometheus' own compacted blocks, so that each file is read once. */
const blockHours = 54;

/**
 * Writes a history as blocks of Prometheus' storage, one after the other: the text of a month would fill a disk.
 *
 * @param promtool the command that is part of Prometheus
 * @param onBlock called with the finished share, 0 to 1
 * @throws {Error} with promtool's output
 */
export async function writeBlocks(
  history: ReturnType<typeof createHistory>,
  directory: string,
  promtool = 'promtool',
  onBlock: (done: number) => void = () => {},
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  let importing: Promise<unknown> = Promise.resolve();
  try {
    for (const [index, range] of [...history.timeRanges(blockHours * 3600)].entries()) {
      const file = join(directory, `history-${index % 2}.om`);
      await pipeline(Readable.from(chunks(history.openmetrics(range))), createWriteStream(file));
      // The next range is written while promtool reads this one.
      await importing;
      importing = run(promtool, [
        'tsdb',
        'create-blocks-from',
        'openmetrics',
        '--quiet',
        `--max-block-duration=${blockHours}h`,
        file,
        directory,
      ]).then(() => onBlock((range.to - history.start) / (history.end - history.start)));
      importing.catch(() => {});
    }
    await importing;
  } finally {
    for (const index of [0, 1]) rmSync(join(directory, `history-${index}.om`), { force: true });
  }
}

/** Joins short texts to larger chunks, for fewer writes. */
function* chunks(texts: Iterable<string>): Generator<string> {
  let text = '';
  for (const next of texts) {
    text += next;
    if (text.length < 1_000_000) continue;
    yield text;
    text = '';
  }
  yield text;
}
