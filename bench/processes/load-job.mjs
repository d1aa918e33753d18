import { inSeconds } from '../../build/agent/livekit/sdk-event.js';
import { connectRelay } from '../../build/agent/relay/client.js';
import { SessionObserver } from '../../build/session/session-observer.js';
import { answer } from '../children.mjs';
import { conversation, take } from '../events.mjs';
import { Ledger } from '../ledger.mjs';
import { monotonic } from '../measure.mjs';
import { probe } from '../probe.mjs';

const [socket, version, ledgerFile] = process.argv.slice(2);
const rate = 200;
/** One event in so many takes the time along. */
const probeEvery = 20;

const relay = connectRelay({ path: socket, identity: { agent_name: 'load', agent_version: version } });
const ledgers = { relay: new Ledger(), send: new Ledger() };
if (ledgerFile) ledgers.relay.open(ledgerFile);
const observer = new SessionObserver();
const events = eightSamples();
let timer;
let recorded = 0;

/**
 * What events are made of that are worth 8 samples on average, over and over. Normalising them is left out: it is
 * measured elsewhere (event-cost), and 50 jobs that do so would leave nothing of a small machine for the worker.
 */
function* eightSamples() {
  const made = take(conversation({ seed: process.pid }), 220).map(([type, event]) => {
    const kind = event.metrics?.type ?? event.item?.role;
    if (!['llm_metrics', 'tts_metrics', 'assistant'].includes(kind)) return [];
    return observer.handle(type, inSeconds(type, event));
  });
  const list = made.filter((observations) => observations.length > 0);
  for (let number = 0; ; number++) yield list[number % list.length];
}

/** Records an event as `observe` does, and in the ledger; over the relay, or with process.send. */
function record(transport) {
  let observations = events.next().value;
  if (++recorded % probeEvery === 0) observations = [...observations, probe(transport, monotonic())];
  for (const observation of observations) ledgers[transport].add(observation);
  if (transport === 'send') return void process.send({ samples: observations });
  for (const observation of observations) relay.record(observation);
  // A tick later: what stands in the ledger must not be lost.
  if (ledgerFile) setImmediate(() => ledgers.relay.write());
}

/** Has V8 compile what can be run ahead of the load; the rest is warmed up by the load itself. */
async function warmUp() {
  for (let number = 0; number < 3_000; number++) {
    record(number % 5 ? 'relay' : 'send');
    await new Promise(setImmediate);
  }
  await relay.flush(30_000);
}

function start(transport) {
  const interval = 1000 / rate;
  let due = performance.now() + Math.random() * interval;
  recorded = 0;
  timer = setInterval(() => {
    const now = performance.now();
    // What a busy machine kept this process from doing is made up for, up to a point: no avalanche.
    due = Math.max(due, now - 4 * interval);
    for (let first = true; due <= now; due += interval, first = false) {
      if (first) record(transport);
      else setImmediate(record, transport); // an event per tick
    }
  }, interval);
}

async function stop() {
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await relay.flush(30_000);
  return recorded;
}

for (const observation of observer.started(Date.now() / 1000)) relay.record(observation);

answer(
  {
    warmUp,
    start,
    stop,
    ledger: (transport) => ledgers[transport],
    /** The graceful end of a session. */
    async close() {
      const event = { type: 'close', reason: 'user_initiated', createdAt: Date.now() };
      for (const observation of observer.handle('close', inSeconds('close', event))) {
        ledgers.relay.add(observation);
        relay.record(observation);
      }
      await relay.close(5_000);
    },
  },
  () => relay.close(1_000),
);
