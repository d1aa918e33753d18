import { freePort } from '../test/stack/servers.mjs';
import { parse, total } from './exposition.mjs';
import { alternate, median } from './measure.mjs';
import { atMost, megabytes, micro, ms } from './report.mjs';

const rounds = 7;
/** Turns in a round; each is a question, a tool call and an answer: about ten spans, 8 records, log lines of the SDK. */
const turns = 150;
/** Turns of a long call. */
const longCall = 3000;
const deadline = 1000;
const url = (name) => new URL(`./processes/${name}.mjs`, import.meta.url);

/** What traces and logs cost a job: with a backend against without one. */
export async function telemetryCost(children) {
  const backend = children.start(url('backend'));
  const endpoint = await backend.ask('url');
  const job = (OTEL_EXPORTER_OTLP_ENDPOINT) =>
    children.start(url('session-job'), [], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: OTEL_EXPORTER_OTLP_ENDPOINT && {
        OTEL_EXPORTER_OTLP_ENDPOINT,
        TALKGAUGE_FLUSH_DEADLINE_MS: String(deadline),
      },
    });
  const [on, off] = [job(endpoint), job()];
  const setUps = { on: await on.ask('setUp'), off: await off.ask('setUp') };
  const costs = await alternate(rounds, {
    off: () => off.ask('turns', turns),
    on: () => on.ask('turns', turns),
  });

  const before = { on: await on.ask('memory'), off: await off.ask('memory') };
  await Promise.all([on.ask('turns', longCall), off.ask('turns', longCall)]);
  const after = { on: await on.ask('memory'), off: await off.ask('memory') };
  const grown = (way, what) => after[way][what] - before[way][what];

  const ends = { off: await off.ask('end'), up: await on.ask('end') };
  const counts = parse(await on.ask('counts'));
  ends.down = await endWith(job, `http://127.0.0.1:${await freePort()}`);
  await backend.ask('hang', true);
  ends.hanging = await endWith(job, endpoint);

  const of = (way, what) => median(costs[way].map((cost) => cost[what]));
  const row = (name, what, unit) => [name, unit(of('on', what)), unit(of('off', what))];
  const added = (what) => median(costs.on.map((cost, round) => cost[what] - costs.off[round][what]));
  return {
    columns: ['', 'with a backend', 'without'],
    rows: [
      row('CPU per turn', 'cpu', micro),
      row('    a turn takes, p50', 'p50', ms),
      row('    a turn takes, p99', 'p99', ms),
      ['setting it up, at the start of a process', ms(setUps.on.ms), ms(setUps.off.ms)],
      ['    memory', megabytes(setUps.on.rss), megabytes(setUps.off.rss)],
      [
        `heap, grown by ${longCall} turns`,
        megabytes(grown('on', 'heapUsed')),
        megabytes(grown('off', 'heapUsed')),
      ],
      ['RSS after them', megabytes(after.on.rss), megabytes(after.off.rss)],
      ['end of a job', ms(ends.up), ms(ends.off)],
      [`    the backend is down (deadline ${ms(deadline)})`, ms(ends.down), ''],
      ['    the backend hangs', ms(ends.hanging), ''],
    ],
    notes: [
      `${total(counts, 'talkgauge_spans_exported_total')} spans and ${total(counts, 'talkgauge_log_records_exported_total')} records sent`,
    ],
    goals: [
      atMost('traces and logs: CPU that they add to a turn', added('cpu'), 10_000, micro),
      atMost('traces and logs: time that they add to a turn, p50', added('p50'), 10, ms),
      atMost(
        'traces and logs: heap that a long call adds',
        grown('on', 'heapUsed') - grown('off', 'heapUsed'),
        16 * 2 ** 20,
        megabytes,
      ),
      atMost('end of a job, the backend is up', ends.up, 250, ms),
      atMost('end of a job beyond its deadline, backend down', Math.max(0, ends.down - deadline), 100, ms),
      atMost(
        'end of a job beyond its deadline, backend hanging',
        Math.max(0, ends.hanging - deadline),
        100,
        ms,
      ),
    ],
    checks: [
      [
        'nothing is dropped where the backend is up',
        total(counts, 'talkgauge_spans_dropped_total') +
          total(counts, 'talkgauge_log_records_dropped_total') ===
          0,
      ],
    ],
  };
}

/** How long the end of a job takes that has had a few turns, with that backend. */
async function endWith(job, endpoint) {
  const one = job(endpoint);
  await one.ask('turns', 5);
  return one.ask('end');
}
