import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../../stack/servers.mjs';
import { openBackend } from '../telemetry/backend.ts';
import { sampleOf } from './exposition.ts';
import { until } from './worker.ts';

test.each([
  { agent: 'two-lines.mjs', register: [] },
  { agent: 'no-line.mjs', register: ['--import', 'talkgauge/register'] },
])('in console mode the session is recorded in the only process ($agent)', async ({ agent, register }) => {
  const sockets: Socket[] = [];
  const broker = createServer((socket) => sockets.push(socket.on('error', () => {}).resume()));
  await once(broker.listen(0, '127.0.0.1'), 'listening');
  const { port: brokerPort } = broker.address() as { port: number };
  const port = await freePort();
  const backend = await openBackend();
  const file = fileURLToPath(new URL(`./agents/${agent}`, import.meta.url));
  const child = spawn(
    process.execPath,
    [...register, file, 'console', '--connect-addr', `127.0.0.1:${brokerPort}`],
    {
      env: {
        ...process.env,
        LIVEKIT_URL: 'ws://127.0.0.1:9',
        LIVEKIT_API_KEY: 'devkey',
        LIVEKIT_API_SECRET: 'a secret of at least thirty-two characters',
        LOG_LEVEL: 'fatal',
        TALKGAUGE_PORT: String(port),
        TALKGAUGE_AGENT_NAME: 'front-desk',
        OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
        TEST_SERVER_PORT: '0',
      },
      stdio: 'ignore',
    },
  );
  const exited = once(child, 'exit');
  try {
    await until(async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(sampleOf(text, 'lk_agents_sessions_total', { close_reason: 'user_initiated' })).toBe(1);
      expect(sampleOf(text, 'lk_agents_usage_llm_input_tokens_total', { agent_name: 'front-desk' })).toBe(
        200,
      );
      expect(sampleOf(text, 'lk_agents_sessions_active')).toBe(0);
      const names = backend.spans.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['agent_session', 'agent_turn', 'llm_request']));
      expect(backend.logs.map(({ eventName }) => eventName)).toContain('lk.session_end');
    });
  } finally {
    child.kill('SIGKILL');
    await exited;
    for (const socket of sockets) socket.destroy();
    broker.close();
    await backend.close();
  }
});
