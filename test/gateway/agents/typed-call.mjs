/** A few typed turns with a model that answers immediately. The SDK records and uploads the call. */
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cli, defineAgent, llm, ServerOptions, voice } from '@livekit/agents';

class Stream extends llm.LLMStream {
  async run() {
    this.queue.put({ id: 'request', delta: { role: 'assistant', content: 'Certainly.' } });
    this.queue.put({
      id: 'request',
      usage: { promptTokens: 100, completionTokens: 7, promptCachedTokens: 40, totalTokens: 107 },
    });
  }
}

class Model extends llm.LLM {
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
    return new Stream(this, {
      connOptions: { maxRetry: 0, timeoutMs: 1000, retryIntervalMs: 1 },
      ...options,
    });
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default defineAgent({
  entry: async (ctx) => {
    const { turns, pause = 0, log, record = true } = JSON.parse(ctx.job.metadata);
    const writeLine = (what) => appendFileSync(log, `${JSON.stringify(what)}\n`);
    process.on('exit', () => writeLine({ exit: Date.now() }));
    const session = new voice.AgentSession({ llm: new Model(), vad: null });
    await session.start({ agent: new voice.Agent({ instructions: 'Be brief.' }), record });
    for (let turn = 0; turn < turns; turn += 1) {
      await session.generateReply({ userInput: `question ${turn}` }).waitForPlayout();
      writeLine({ turn });
      await sleep(pause);
    }
    writeLine({ shutdown: Date.now() });
    ctx.shutdown('done');
  },
});

if (process.send === undefined) {
  const { TEST_SERVER_PORT } = process.env;
  const agent = fileURLToPath(import.meta.url);
  cli.runApp(
    new ServerOptions({
      agent,
      host: '127.0.0.1',
      port: Number(TEST_SERVER_PORT),
      agentName: 'front-desk',
      // A busy machine needs longer than the SDK's default of ten seconds.
      initializeProcessTimeout: 60_000,
    }),
  );
}
