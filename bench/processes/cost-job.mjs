import { Registry } from 'prom-client';
import { inSeconds } from '../../build/agent/livekit/sdk-event.js';
import { connectRelay } from '../../build/agent/relay/client.js';
import { createRecorder } from '../../build/metrics/recorder.js';
import { SessionObserver } from '../../build/session/session-observer.js';
import { answer } from '../children.mjs';
import { conversation, take } from '../events.mjs';
import { parse, same } from '../exposition.mjs';
import { cpuTime, quantile, sleep } from '../measure.mjs';
import { NaiveExporter } from '../naive.mjs';

const [way, socket] = process.argv.slice(2);
const identity = { agent_name: 'front-desk', agent_version: '1.4.0' };

/** How many turns of the event loop follow one another before the worker may catch up. */
const stretch = 100;

const relay = way === 'talkgauge' ? connectRelay({ path: socket, identity }) : undefined;
const handle = relay ? talkgauge(relay.record) : naive(new Registry());
const unheard = conversation({ prefix: 'unheard' });
const heard = conversation({ prefix: way });

function talkgauge(sink) {
  const observer = new SessionObserver();
  return ([name, event]) => {
    for (const observation of observer.handle(name, inSeconds(name, event))) sink(observation);
  };
}

function naive(registry) {
  const exporter = new NaiveExporter(registry, identity);
  return ([name, event]) => exporter.handle(name, event);
}

/**
 * What turns of the event loop cost, each with `burst` events, of which nothing is kept; one after the other, or one
 * in so many milliseconds. No garbage is collected by hand in between: V8 would forget the shapes of objects of
 * which none lives, and compile everything anew.
 */
async function loop({ count, burst = 1, every, events, work }) {
  const durations = new Float64Array(count / burst);
  const before = cpuTime();
  for (let tick = 0; tick < durations.length; tick++) {
    await (every ? sleep(every) : new Promise(setImmediate));
    const start = performance.now();
    for (let event = 0; event < burst; event++) work(events.next().value);
    // What runs at the end of the tick is part of it, such as the relay's write.
    await undefined;
    durations[tick] = performance.now() - start;
    if (!every && tick % stretch === stretch - 1) await sleep(2);
  }
  return { cpu: cpuTime() - before, durations };
}

/** What an event costs and by how much it makes a tick longer, in µs; making the event is not counted. */
async function round(pattern) {
  const empty = await loop({ ...pattern, events: unheard, work: () => {} });
  const full = await loop({ ...pattern, events: heard, work: handle });
  return {
    cpu: (full.cpu - empty.cpu) / pattern.count,
    delays: [0.5, 0.99].map((q) => 1e3 * (quantile(full.durations, q) - quantile(empty.durations, q))),
  };
}

/** Whether both ways record the same, and how many samples an event is. */
async function agrees() {
  const list = take(conversation(), 2200);
  const recorder = createRecorder();
  const registry = new Registry();
  let samples = 0;
  const ours = talkgauge((observation) => {
    samples++;
    recorder.record(observation, identity);
  });
  const theirs = naive(registry);
  for (const event of list) {
    ours(event);
    theirs(event);
  }
  const [a, b] = [parse(await recorder.expose('text')), parse(await registry.metrics())];
  const ownSeries = (key) => key.startsWith('talkgauge_');
  const differing = [...new Set([...a.keys(), ...b.keys()])].filter(
    (key) => !ownSeries(key) && !same(a.get(key) ?? 0, b.get(key) ?? 0),
  );
  return { differing, samplesPerEvent: samples / list.length };
}

answer({ round, agrees, flush: () => relay?.flush(5_000) }, () => relay?.close(1_000));
