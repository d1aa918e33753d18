import { once } from 'node:events';
import { RegisterWorkerRequest, ServerMessage, WorkerMessage } from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { listenSignalling, type Signalling } from '../../src/simulate/signalling.ts';

let signalling: Signalling;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  signalling = await listenSignalling();
});
afterEach(async () => {
  await signalling.close();
  for (const socket of sockets.splice(0)) socket.terminate();
});

/** A worker that answers every offer the same way, and records the messages that it received. */
async function worker(available: boolean) {
  const socket = new WebSocket(`${signalling.url}/agent`);
  sockets.push(socket);
  const received: ServerMessage[] = [];
  const send = (message: WorkerMessage['message']) => socket.send(new WorkerMessage({ message }).toBinary());
  socket.on('message', (data: Buffer) => {
    const message = ServerMessage.fromBinary(data);
    received.push(message);
    if (message.message.case !== 'availability') return;
    const jobId = message.message.value.job?.id ?? '';
    send({ case: 'availability', value: { jobId, available } as never });
  });
  await once(socket, 'open');
  send({ case: 'register', value: new RegisterWorkerRequest({ agentName: 'any' }) });
  await signalling.registered;
  return { socket, received };
}

const job = { id: 'AJ_1', agentName: 'front-desk', metadata: '{"a":1}' };

describe('the mock LiveKit server', () => {
  test('offers a job to the worker and assigns it when the worker accepts', async () => {
    const { socket, received } = await worker(true);
    await signalling.dispatch(job);
    if (received.length < 3) await once(socket, 'message');
    expect(received.map(({ message }) => message.case)).toEqual(['register', 'availability', 'assignment']);
    const assignment = received[2]?.message;
    expect(assignment?.case === 'assignment' && assignment.value.job).toMatchObject({
      id: 'AJ_1',
      agentName: 'front-desk',
      metadata: '{"a":1}',
      room: { name: 'call-1', sid: 'RM_1' },
    });
  });

  test('throws if the worker declines', async () => {
    await worker(false);
    await expect(signalling.dispatch(job)).rejects.toThrow('the worker declined job AJ_1');
  });

  test('throws without a worker', async () => {
    await expect(signalling.dispatch(job)).rejects.toThrow('no worker is registered');
  });

  test('rejects pending offers when it closes', async () => {
    const { socket } = await worker(true);
    socket.removeAllListeners('message');
    const offered = signalling.dispatch(job);
    const refused = expect(offered).rejects.toThrow('the signalling closed');
    await signalling.close();
    await refused;
    signalling = await listenSignalling();
  });
});
