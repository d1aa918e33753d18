import { once } from 'node:events';
import { AgentInference } from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type InferenceGateway, listenInferenceGateway } from '../../src/simulate/inference-gateway.ts';
import { speechFrame } from '../../src/simulate/models/audio.ts';
import { createRandom } from '../../src/simulate/random.ts';

const { ClientMessage, InferenceStart, ServerMessage, SessionCreate } = AgentInference;

let gateway: InferenceGateway;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  gateway = await listenInferenceGateway(createRandom('gateway'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await gateway.close();
});

async function connect(path: string): Promise<WebSocket> {
  const socket = new WebSocket(gateway.url + path);
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

describe('the mock of adaptive interruption', () => {
  async function classify(loudness: 'speech' | 'backchannel') {
    const socket = await connect('/bargein');
    socket.send(JSON.stringify({ type: 'session.create', settings: {} }));
    const [created] = await once(socket, 'message');
    expect(JSON.parse(created.toString())).toEqual({ type: 'session.created', default_threshold: 0.5 });
    const header = Buffer.alloc(8);
    header.writeUInt32LE(123_456);
    const { data } = speechFrame({ text: 'hm', confidence: 1, loudness });
    socket.send(Buffer.concat([header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
    const [verdict] = await once(socket, 'message');
    return JSON.parse(verdict.toString());
  }

  test('classifies speech as an interruption', async () => {
    expect(await classify('speech')).toMatchObject({ type: 'bargein_detected', created_at: 123_456 });
  });

  test('does not classify a backchannel as an interruption', async () => {
    const verdict = await classify('backchannel');
    expect(verdict).toMatchObject({ type: 'inference_done', created_at: 123_456, is_bargein: false });
    // In seconds, as the SDK expects.
    expect(verdict.prediction_duration).toBeGreaterThan(0.001);
    expect(verdict.prediction_duration).toBeLessThan(0.2);
  });
});

test('the mock of end-of-turn detection sends thresholds and answers each request', async () => {
  const socket = await connect('/eot');
  const receive = async () => ServerMessage.fromBinary((await once(socket, 'message'))[0]);
  socket.send(
    new ClientMessage({ message: { case: 'sessionCreate', value: new SessionCreate() } }).toBinary(),
  );
  const created = await receive();
  expect(created.message.case === 'sessionCreated' && created.message.value.defaultThreshold).toBe(0.5);
  const value = new InferenceStart({ requestId: 'turn_7' });
  socket.send(new ClientMessage({ message: { case: 'inferenceStart', value } }).toBinary());
  const predicted = await receive();
  expect(predicted.requestId).toBe('turn_7');
  const prediction = predicted.message.case === 'eotPrediction' ? predicted.message.value : undefined;
  expect(prediction?.probability).toBeGreaterThan(0);
  expect(prediction?.probability).toBeLessThan(1);
  expect(prediction?.inferenceStats?.serverE2eLatency?.nanos).toBeGreaterThan(0);
});

test('another path is refused', async () => {
  const socket = await connect('/v1/chat');
  const [code] = await once(socket, 'close');
  expect(code).toBe(1008);
});
