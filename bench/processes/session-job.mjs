import fs from 'node:fs';
import { initializeLogger, llm, log, voice } from '@livekit/agents';
import { setUpTelemetryForLoadedSdk } from '../../build/agent/livekit/telemetry-setup.js';
import { observe } from '../../dist/index.js';
import { answer } from '../children.mjs';
import { cpuTime, quantile, sleep } from '../measure.mjs';

// A job with a real session, whose models answer at once: what is measured is the SDK, and what is done beside it.
// Logs are made in both ways; they go to standard output, which the parent ignores.
const before = { time: performance.now(), rss: process.memoryUsage().rss };
await setUpTelemetryForLoadedSdk({ agentName: 'front-desk' });
const setUp = { ms: performance.now() - before.time, rss: process.memoryUsage().rss - before.rss };
initializeLogger({ pretty: false, level: 'debug' });

const model = { promptTokens: 100, completionTokens: 7, promptCachedTokens: 40, totalTokens: 107 };
let requests = 0;

class Answers extends llm.LLMStream {
  async run() {
    requests += 1;
    const id = `${requests}`;
    this.queue.put({ id, delta: this.#delta(id) });
    this.queue.put({ id, usage: model });
  }

  /** A tool call, and after it an answer. */
  #delta(id) {
    if (this.chatCtx.items.at(-1)?.type === 'function_call_output') {
      return { role: 'assistant', content: 'It is booked, and you will get a message.' };
    }
    const call = llm.FunctionCall.create({ callId: id, name: 'book', args: '{"nights":2}' });
    return { role: 'assistant', toolCalls: [call] };
  }
}

class Model extends llm.LLM {
  label() {
    return 'bench.LLM';
  }
  get model() {
    return 'bench-1';
  }
  get provider() {
    return 'bench';
  }
  chat(options) {
    return new Answers(this, {
      connOptions: { maxRetry: 0, timeoutMs: 1000, retryIntervalMs: 1 },
      ...options,
    });
  }
}

const book = llm.tool({
  description: 'Books a room.',
  parameters: { type: 'object', properties: { nights: { type: 'number' } } },
  execute: async () => 'booked',
});

const callbacks = [];
const ctx = {
  job: { id: 'AJ_1', agentName: 'front-desk', room: { sid: 'RM_1' } },
  shutdownCallbacks: callbacks,
  addShutdownCallback: (callback) => callbacks.push(callback),
};
const session = new voice.AgentSession({ llm: new Model(), vad: null });
const { recorder } = observe(session, ctx);
const agent = new voice.Agent({ instructions: 'Be brief.', tools: { book } });
await session.start({ agent, record: false });

/** Turns one after the other, in µs of CPU each and in ms until the answer is there. */
async function turns(count) {
  const latencies = new Float64Array(count);
  const start = cpuTime();
  for (let turn = 0; turn < count; turn += 1) {
    // A caller of a real call does not have an ever longer past that is sent along each time.
    if (turn % 20 === 0) await agent.updateChatCtx(llm.ChatContext.empty());
    const at = performance.now();
    await session.generateReply({ userInput: 'two nights, please' }).waitForPlayout();
    latencies[turn] = performance.now() - at;
    log().info({ turn }, 'answered');
  }
  return { cpu: (cpuTime() - start) / count, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

answer({
  setUp: () => setUp,
  turns,
  async memory() {
    // What the last turn left is let go of in a tick or two, and what is held weakly by the next collection.
    for (let time = 0; time < 3; time += 1) {
      await sleep(50);
      globalThis.gc?.();
    }
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed };
  },
  /** What the SDK does at a job's end, in ms. */
  async end() {
    await session.close();
    const at = performance.now();
    await Promise.all(callbacks.map((callback) => callback()));
    return performance.now() - at;
  },
  counts: () => recorder.expose('text'),
  /** Lets the disk take what is written, and never have it: only files that are exchanged whole notice. */
  hangDisk: () => {
    fs.rename = () => {};
  },
});
