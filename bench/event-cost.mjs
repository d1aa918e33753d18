import { parse, total } from './exposition.mjs';
import { alternate, median, until } from './measure.mjs';
import { atMost, micro } from './report.mjs';

/** How events may come. One per tick is the worst for Talkgauge, which writes once per tick. */
const patterns = [
  { name: 'one per tick', count: 16_000, burst: 1, rounds: 15, goal: true },
  { name: '8 per tick', count: 16_000, burst: 8, rounds: 15, goal: true },
  // No code and no data is in the CPU's caches any more when the next event comes: so it is in a call.
  { name: 'one in 5 ms', count: 400, burst: 1, every: 5, rounds: 3 },
];
const warmUps = 3;
const url = (name) => new URL(`./processes/${name}.mjs`, import.meta.url);

/** What one SDK event costs the job: Talkgauge (normalise, encode, write to the worker) against a naive exporter. */
export async function eventCost(children) {
  const worker = children.start(url('worker'));
  const { socket } = await worker.ask('addresses');
  const talkgauge = children.start(url('cost-job'), ['talkgauge', socket]);
  const naive = children.start(url('cost-job'), ['naive']);
  await until(async () => (await worker.ask('connections')) === 1);

  const { differing, samplesPerEvent } = await naive.ask('agrees');
  const results = [];
  for (const pattern of patterns) {
    const measures = {
      talkgauge: () => talkgauge.ask('round', pattern),
      naive: () => naive.ask('round', pattern),
    };
    results.push({ pattern, ...(await alternate(pattern.rounds, measures, pattern.every ? 0 : warmUps)) });
  }
  await talkgauge.ask('flush');
  const frames = total(parse(await worker.ask('expose')), 'talkgauge_relay_frames_total', 'result="ok"');
  return report({ results, differing, samplesPerEvent, frames });
}

function report({ results, differing, samplesPerEvent, frames }) {
  const rows = [];
  const goals = [];
  let ticks = 0;
  for (const { pattern, talkgauge, naive } of results) {
    const row = (what, of) =>
      rows.push([what, micro(median(talkgauge.map(of))), micro(median(naive.map(of)))]);
    row(`CPU per event, ${pattern.name}`, ({ cpu }) => cpu);
    row('    a tick is longer by, p50', ({ delays }) => delays[0]);
    row('    a tick is longer by, p99', ({ delays }) => delays[1]);
    // Each round against the one beside it, so that both met the same machine.
    const ratio = median(talkgauge.map(({ cpu }, round) => cpu / naive[round].cpu));
    if (pattern.goal)
      goals.push(atMost(`an event in the job, ${pattern.name}: CPU ÷ naive exporter`, ratio, 1));
    ticks += ((pattern.rounds + (pattern.every ? 0 : warmUps)) * pattern.count) / pattern.burst;
  }
  const differs = differing.length ? `, but for ${differing[0]}` : '';
  return {
    columns: ['', 'Talkgauge', 'naive exporter'],
    rows,
    notes: [
      `${samplesPerEvent.toFixed(1)} samples per event; ${frames} lines for ${ticks} ticks reached the worker`,
    ],
    goals,
    checks: [[`both record the same${differs}`, differing.length === 0]],
  };
}
