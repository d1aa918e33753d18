import { expect, test } from 'vitest';
import { startTestGateway } from './running.ts';

test('a port that is taken is refused with the name of the variable that sets it', async () => {
  const { url } = await startTestGateway();
  const port = Number(new URL(url).port);
  await expect(startTestGateway({ port })).rejects.toThrow(
    `Port ${port} is in use; pass { port } or set TALKGAUGE_GATEWAY_PORT`,
  );
});

test('whoever asks for what is not there is told where the sessions are', async () => {
  const { url } = await startTestGateway();
  const response = await fetch(`${url}/nowhere`);
  expect([response.status, await response.text()]).toEqual([
    404,
    'Nothing is here; the sessions are at /, for machines at /api/sessions, the metrics are at /metrics, the probes at /healthz and /readyz.\n',
  ]);
});
