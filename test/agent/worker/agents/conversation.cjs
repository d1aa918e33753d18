/**
 * The job of the agents of these tests, with either build of the SDK. Runs as many typed turns as the job's
 * metadata requests, then the requested ending. Writes the session's own metrics to the file `log`.
 */
const fs = require('node:fs');
const { appendFileSync } = fs;

/** Texts of the conversation that tests search for where content must not be. */
const canaries = {
  user: 'canary-user',
  agent: 'canary-agent',
  instructions: 'canary-instructions',
  argument: 'canary-argument',
  answer: 'canary-answer',
  failure: 'canary-failure',
};

function fakeLlm(sdk) {
  let requests = 0;
  class FakeStream extends sdk.llm.LLMStream {
    async run() {
      requests += 1;
      const id = `${process.pid}-${requests}`;
      this.queue.put({ id, delta: this.#reply(id) });
      this.queue.put({
        id,
        usage: { promptTokens: 100, completionTokens: 7, promptCachedTokens: 40, totalTokens: 107 },
      });
    }

    /** First calls the tool named by the user, then responds. */
    #reply(id) {
      const { items } = this.chatCtx;
      const asked = items.findLast(({ type, role }) => type === 'message' && role === 'user')?.textContent;
      const tool = ['fine', 'broken'].find((name) => asked?.includes(name));
      if (items.at(-1)?.type === 'function_call_output' || !tool) {
        return { role: 'assistant', content: `Certainly, ${canaries.agent}.` };
      }
      const args = JSON.stringify({ what: canaries.argument });
      return {
        role: 'assistant',
        toolCalls: [sdk.llm.FunctionCall.create({ callId: id, name: tool, args })],
      };
    }
  }
  return class FakeLlm extends sdk.llm.LLM {
    label() {
      return 'fake.LLM';
    }
    get model() {
      return 'fake-1';
    }
    get provider() {
      return 'fakeco';
    }
    chat(options) {
      return new FakeStream(this, {
        connOptions: { maxRetry: 0, timeoutMs: 1000, retryIntervalMs: 1 },
        ...options,
      });
    }
  };
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const tools = (sdk) => ({
  fine: sdk.llm.tool({
    description: 'works',
    parameters: { type: 'object', properties: { what: { type: 'string' } } },
    execute: async () => canaries.answer,
  }),
  broken: sdk.llm.tool({
    description: 'fails',
    parameters: { type: 'object', properties: { what: { type: 'string' } } },
    execute: async () => {
      throw new Error(canaries.failure);
    },
  }),
});

exports.converse = async function converse(sdk, ctx, observe, recordRoom) {
  const {
    turns = 2,
    ending = 'shutdown',
    block = 0,
    log,
    asks = [],
    options,
    record,
    slowDisk,
    recordRoom: recording,
  } = JSON.parse(ctx.job.metadata || '{}');
  const writeLog = (what) => log && appendFileSync(log, `${JSON.stringify({ pid: process.pid, ...what })}\n`);
  process.once('exit', () => writeLog({ exitAt: Date.now() }));
  if (ending === 'throw') {
    writeLog({ endAt: Date.now() });
    throw new Error('the entry function fails');
  }
  // A disk that never completes a rename, which affects only files that are replaced atomically.
  if (slowDisk) fs.rename = () => {};
  const session = new sdk.voice.AgentSession({ llm: new (fakeLlm(sdk))(), vad: null });
  observe?.(session, ctx, options);
  const started = await recordRoom?.(ctx, recording).started;
  if (started) writeLog({ recording: started.status, error: started.error?.message });
  session.on('metrics_collected', ({ metrics }) =>
    writeLog({ tokens: metrics.promptTokens, ttft: metrics.ttftMs }),
  );
  ctx.addShutdownCallback(async () => {
    await sleep(100);
    sdk.log().warn({ 'lk.pii.note': canaries.user, turns }, 'said goodbye');
  });
  const agent = new sdk.voice.Agent({
    instructions: canaries.instructions,
    tools: asks.length ? tools(sdk) : {},
  });
  await session.start({ agent, record });
  for (let turn = 0; turn < turns; turn += 1) {
    const userInput = `question ${turn} ${canaries.user} ${asks[turn] ?? ''}`;
    await session.generateReply({ userInput }).waitForPlayout();
  }
  for (const end = Date.now() + block; Date.now() < end; );
  // The SDK reports an event-loop stall one heartbeat later.
  if (block) await sleep(200);
  writeLog({ ready: true });
  if (ending === 'wait') await sleep(60_000);
  if (ending === 'fail') {
    writeLog({ endAt: Date.now() });
    throw new Error(canaries.failure);
  }
  if (ending === 'exit') process.exit(7);
  if (ending === 'uncaught') {
    setImmediate(() => {
      throw new RangeError(canaries.failure);
    });
    await sleep(60_000);
  }
  writeLog({ endAt: Date.now() });
  ctx.shutdown('done');
};
