/**
 * What the agents of these tests do in a job, with either build of the SDK: as many typed turns as the job's
 * metadata says, and then what it says next. `log` is told what the session itself reported.
 */
const fs = require('node:fs');
const { appendFileSync } = fs;

/** What was said, asked and answered, so that a test can look for it where it must not be. */
const said = {
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

    /** The tool that the user asks for by its name, the first time; then an answer. */
    #reply(id) {
      const { items } = this.chatCtx;
      const asked = items.findLast(({ type, role }) => type === 'message' && role === 'user')?.textContent;
      const tool = ['fine', 'broken'].find((name) => asked?.includes(name));
      if (items.at(-1)?.type === 'function_call_output' || !tool) {
        return { role: 'assistant', content: `Certainly, ${said.agent}.` };
      }
      const args = JSON.stringify({ what: said.argument });
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
    execute: async () => said.answer,
  }),
  broken: sdk.llm.tool({
    description: 'fails',
    parameters: { type: 'object', properties: { what: { type: 'string' } } },
    execute: async () => {
      throw new Error(said.failure);
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
  const tell = (what) => log && appendFileSync(log, `${JSON.stringify({ pid: process.pid, ...what })}\n`);
  process.once('exit', () => tell({ exitAt: Date.now() }));
  if (ending === 'throw') {
    tell({ endAt: Date.now() });
    throw new Error('the entry function fails');
  }
  // A disk that takes what is written, and never has it: only files that are exchanged whole notice.
  if (slowDisk) fs.rename = () => {};
  const session = new sdk.voice.AgentSession({ llm: new (fakeLlm(sdk))(), vad: null });
  observe?.(session, ctx, options);
  const started = await recordRoom?.(ctx, recording).started;
  if (started) tell({ recording: started.status, error: started.error?.message });
  session.on('metrics_collected', ({ metrics }) =>
    tell({ tokens: metrics.promptTokens, ttft: metrics.ttftMs }),
  );
  ctx.addShutdownCallback(async () => {
    await sleep(100);
    sdk.log().warn({ 'lk.pii.note': said.user, turns }, 'said goodbye');
  });
  const agent = new sdk.voice.Agent({
    instructions: said.instructions,
    tools: asks.length ? tools(sdk) : {},
  });
  await session.start({ agent, record });
  for (let turn = 0; turn < turns; turn += 1) {
    const userInput = `question ${turn} ${said.user} ${asks[turn] ?? ''}`;
    await session.generateReply({ userInput }).waitForPlayout();
  }
  for (const end = Date.now() + block; Date.now() < end; );
  // The SDK reports a stall one heartbeat later.
  if (block) await sleep(200);
  tell({ ready: true });
  if (ending === 'wait') await sleep(60_000);
  if (ending === 'fail') {
    tell({ endAt: Date.now() });
    throw new Error(said.failure);
  }
  if (ending === 'exit') process.exit(7);
  if (ending === 'uncaught') {
    setImmediate(() => {
      throw new RangeError(said.failure);
    });
    await sleep(60_000);
  }
  tell({ endAt: Date.now() });
  ctx.shutdown('done');
};
