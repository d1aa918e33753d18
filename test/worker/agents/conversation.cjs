/**
 * What the agents of these tests do in a job, with either build of the SDK: as many typed turns as the job's
 * metadata says, and then what it says next. `log` is told what the session itself reported.
 */
const { appendFileSync } = require('node:fs');

function fakeLlm(sdk) {
  let requests = 0;
  class FakeStream extends sdk.llm.LLMStream {
    async run() {
      requests += 1;
      const id = `${process.pid}-${requests}`;
      this.queue.put({ id, delta: { role: 'assistant', content: 'Certainly.' } });
      this.queue.put({
        id,
        usage: { promptTokens: 100, completionTokens: 7, promptCachedTokens: 40, totalTokens: 107 },
      });
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

exports.converse = async function converse(sdk, ctx, observe) {
  const { turns = 2, ending = 'shutdown', block = 0, log } = JSON.parse(ctx.job.metadata || '{}');
  if (ending === 'throw') throw new Error('the entry function fails');
  const session = new sdk.voice.AgentSession({ llm: new (fakeLlm(sdk))(), vad: null });
  const tell = (what) => log && appendFileSync(log, `${JSON.stringify({ pid: process.pid, ...what })}\n`);
  observe?.(session, ctx);
  session.on('metrics_collected', ({ metrics }) =>
    tell({ tokens: metrics.promptTokens, ttft: metrics.ttftMs }),
  );
  await session.start({ agent: new sdk.voice.Agent({ instructions: 'Be brief.' }) });
  for (let turn = 0; turn < turns; turn += 1) {
    await session.generateReply({ userInput: `question ${turn}` }).waitForPlayout();
  }
  for (const end = Date.now() + block; Date.now() < end; );
  // The SDK reports a stall one heartbeat later.
  if (block) await sleep(200);
  tell({ ready: true });
  if (ending === 'wait') await sleep(60_000);
  if (ending === 'exit') process.exit(7);
  ctx.shutdown('done');
};
