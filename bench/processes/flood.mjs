import { once } from 'node:events';
import { connect } from 'node:net';
import { connectRelay } from '../../build/agent/relay/client.js';
import { encodeDefinition, encodeHello, encodeSamples } from '../../build/agent/relay/protocol.js';
import { answer } from '../children.mjs';

const [socket] = process.argv.slice(2);
const identity = { agent_name: 'flood', agent_version: '1' };
const metric = 'lk_agents_tool_calls_total';
const labels = (number) => ({ tool: `tool-${number}-${'x'.repeat(40)}`, outcome: 'ok' });

/** Jobs that never use a tool name twice; each connection defines as many as a worker lets it. */
async function throwAt({ connections, each }) {
  for (let connection = 0; connection < connections; connection++) {
    const job = connect(socket);
    await once(job, 'connect');
    job.write(encodeHello(identity, process.pid));
    for (let id = 0; id < each; id++) {
      const text = encodeDefinition(id, metric, labels(connection * each + id)) + encodeSamples([id, 1]);
      if (!job.write(text)) await once(job, 'drain');
    }
    job.end();
    await once(job, 'close');
  }
}

/** A job whose worker is away, and which never uses a tool name twice. */
async function recordIntoTheVoid(count) {
  const relay = connectRelay({ path: `${socket}.nobody`, identity });
  for (let number = 0; number < count; number++) {
    relay.record({ metric, labels: labels(number), value: 1 });
    relay.record({ metric: 'lk_agents_tool_duration_seconds', labels: { tool: 'one' }, value: 0.5 });
    if (number % 1_000 === 0) await new Promise(setImmediate);
  }
  globalThis.gc();
  const { rss } = process.memoryUsage();
  await relay.close(0);
  return rss;
}

answer({
  throwAt,
  recordIntoTheVoid,
  memory: () => {
    globalThis.gc();
    return process.memoryUsage().rss;
  },
});
