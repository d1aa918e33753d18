import { parse, total } from './exposition.mjs';
import { covers, equal, exposedLedger } from './ledger.mjs';
import { median, quantile, until, watchMachine } from './measure.mjs';
import { atMost, ms, percent } from './report.mjs';

const seconds = 5;
/** Jobs, and under which version of the agent they record: those that will be killed each under their own. */
const doomed = Array.from({ length: 10 }, (_, at) => `doomed-${at}`);
const living = Array.from({ length: 40 }, (_, at) => `living-${at}`);
const jobs = doomed.length + living.length;
const eventsPerSecond = 200;

/** 50 jobs × 200 events a second × 8 samples: what arrives, when, and at what price; over the relay and with process.send. */
export async function underLoad(children) {
  const worker = children.start(new URL('./processes/load-worker.mjs', import.meta.url));
  const url = await worker.ask('url');
  await worker.ask('start', { doomed, living });
  // Ten times as often as is usual: what a scrape does to the lag shall show.
  const scrapes = setInterval(() => exposition(url).catch(() => {}), 1_000);
  const phases = { relay: [], send: [] };
  const phase = async (transport, kill) => {
    const result = await worker.ask('phase', { transport, seconds, kill });
    phases[transport].push({ ...result, lags: (await worker.ask('lags'))[transport] });
  };
  let sent;
  let active;
  let busy;
  try {
    // V8 optimises in all jobs at the same time, since all do the same: for a moment that is the whole load.
    for (const transport of ['relay', 'send', 'relay']) await worker.ask('phase', { transport, seconds });
    await worker.ask('lags'); // those of the warm-up
    const machine = watchMachine();
    for (const transport of ['relay', 'send', 'relay', 'send', 'relay', 'send']) await phase(transport);
    busy = machine();
    sent = await worker.ask('ledger', 'send');
    active = await gauge(url);
    await phase('relay', doomed);
  } finally {
    clearInterval(scrapes);
  }
  await until(async () => (await worker.ask('connections')) === living.length);
  const said = { relay: await worker.ask('ledger', 'relay'), send: sent, killed: {} };
  for (const name of doomed) said.killed[name] = await worker.ask('killedLedger', name);
  const seen = await exposition(url);
  const left = await gauge(url);
  await worker.ask('close');
  await until(async () => (await worker.ask('connections')) === 0);
  return report({ said, seen, phases, busy, gauges: [active, left, await gauge(url)] });
}

const exposition = async (url) => parse(await (await fetch(url)).text());
const gauge = async (url) => total(await exposition(url), 'lk_agents_sessions_active');

function report({ said, seen, phases, busy, gauges }) {
  const lag = (transport, q) => phases[transport].map(({ lags }) => quantile(lags, q));
  // What the worker would use of a core under exactly the load that is meant.
  const cost = (transport) => phases[transport].map(({ cpu, events }) => cpu / events);
  const core = (transport) => (median(cost(transport)) * eventsPerSecond * jobs) / 1e6;
  // The last phase of the relay, in which jobs are killed, has no phase of process.send beside it.
  const ratio = median(cost('send').map((cpu, round) => cost('relay')[round] / cpu));
  // Nor does it make the whole load.
  const whole = [...phases.relay.slice(0, -1), ...phases.send];
  const sum = (of) => whole.reduce((sum, phase) => sum + of(phase), 0);
  const rate = sum(({ events }) => events) / sum(({ seconds }) => seconds);
  const probes = phases.relay.reduce((sum, { lags }) => sum + lags.length, 0);
  const frames = (result) => total(seen, 'talkgauge_relay_frames_total', `result="${result}"`);
  const exposed = { relay: exposedLedger(seen, 'relay'), send: exposedLedger(seen, 'send') };
  const incomplete = doomed.filter((name) => !covers(exposedLedger(seen, name), said.killed[name]));
  const dropped = total(seen, 'talkgauge_samples_dropped_total');
  const missing = said.relay.observed - exposed.relay.observed + incomplete.length + dropped;
  return {
    columns: ['50 jobs × 200 events/s', 'Talkgauge', 'process.send'],
    rows: [
      ["the worker's CPU, of a core", percent(core('relay')), percent(core('send'))],
      ...[0.5, 0.99].map((q) => [
        `lag p${100 * q}, median of the phases`,
        ms(median(lag('relay', q))),
        ms(median(lag('send', q))),
      ]),
      ['lag p99, worst phase', ms(Math.max(...lag('relay', 0.99))), ms(Math.max(...lag('send', 0.99)))],
    ],
    notes: [
      `${rate.toFixed(0)} events/s were made, while all that runs here kept the machine ${percent(busy)} busy`,
      `${probes} probes; ${said.relay.observed} values observed by the living; ${frames('ok')} frames, ${frames('malformed')} cut short by a kill`,
      `sessions_active: ${gauges.join(' → ')} (all, after the kills, after the end)`,
    ],
    goals: [
      atMost('lag from event to registry, p99, median phase', median(lag('relay', 0.99)), 10, ms),
      atMost("the worker's CPU under load ÷ with process.send", ratio, 1),
      atMost('values lost, of jobs that live and of 10 that were killed', missing, 0, String),
    ],
    checks: [
      ['/metrics equals what the living jobs recorded', equal(exposed.relay, said.relay)],
      ['so it does with process.send', equal(exposed.send, said.send)],
      [
        `what killed jobs had recorded a tick earlier arrived${incomplete.map((name) => `; not of ${name}`)}`,
        incomplete.length === 0,
      ],
      ['nothing was dropped', dropped === 0],
      ['gauges follow the jobs: 50, 40, 0', gauges.join() === '50,40,0'],
      [
        'the killed sessions are counted as crashed',
        total(seen, 'lk_agents_sessions_total', 'close_reason="crashed"') === 10,
      ],
    ],
  };
}
