import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Duration, Timestamp } from '@bufbuild/protobuf';
import { AgentInference } from '@livekit/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { soundsLikeSpeech } from './models/audio.ts';
import { pause } from './pause.ts';
import type { Random } from './random.ts';

export interface InferenceGateway {
  /** The value for `LIVEKIT_INFERENCE_URL`. */
  readonly url: string;
  close(): Promise<void>;
}

const { ClientMessage, EotPrediction, InferenceStats, ServerMessage, SessionCreated } = AgentInference;

/** The number of samples at the end of the audio that decide between interruption and backchannel: 200 ms at 16 kHz. */
const windowSamples = 3200;

/**
 * Serves on 127.0.0.1 the two services of LiveKit's inference gateway for turn-taking: end-of-turn detection (`/eot`) and
 * adaptive interruption (`/bargein`).
 */
export async function listenInferenceGateway(random: Random): Promise<InferenceGateway> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    if (request.url?.endsWith('/eot')) serveEndOfTurn(socket, random);
    else if (request.url?.endsWith('/bargein')) serveInterruption(socket, random);
    else socket.close(1008, 'no such service');
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serveEndOfTurn(socket: WebSocket, random: Random): void {
  let heardAt = Timestamp.now();
  const send = (message: AgentInference.ServerMessage['message'], requestId?: string) => {
    const now = Timestamp.now();
    if (socket.readyState !== socket.OPEN) return;
    socket.send(
      new ServerMessage({ requestId, message, serverCreatedAt: now, clientCreatedAt: now }).toBinary(),
    );
  };
  const predict = async (requestId: string) => {
    const inferenceMs = random.lognormal(24, 0.35);
    const networkMs = random.lognormal(14, 0.5);
    await pause(inferenceMs + networkMs);
    const probability = random.chance(0.88) ? 0.72 + random.next() * 0.27 : 0.05 + random.next() * 0.35;
    const inferenceStats = new InferenceStats({
      latestClientCreatedAt: heardAt,
      serverE2eLatency: milliseconds(inferenceMs),
      clientE2eLatency: milliseconds(inferenceMs + networkMs),
    });
    send({ case: 'eotPrediction', value: new EotPrediction({ probability, inferenceStats }) }, requestId);
  };
  socket.on('message', (data: Buffer) => {
    const { message } = ClientMessage.fromBinary(data);
    if (message.case === 'sessionCreate') {
      const value = new SessionCreated({ defaultThreshold: 0.5, defaultThresholds: { en: 0.5 } });
      send({ case: 'sessionCreated', value });
    } else if (message.case === 'inputAudio') {
      heardAt = message.value.createdAt ?? Timestamp.now();
    } else if (message.case === 'inferenceStart') {
      void predict(message.value.requestId);
    }
  });
}

function serveInterruption(socket: WebSocket, random: Random): void {
  const send = (message: object) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const classify = async (data: Buffer) => {
    // 8 bytes of request time, which the response repeats, then 16-bit samples.
    const createdAt = data.readUInt32LE(0) + data.readUInt32LE(4) * 0x1_0000_0000;
    const inferenceMs = random.lognormal(18, 0.3);
    await pause(inferenceMs + random.lognormal(12, 0.5));
    const samples = Int16Array.from({ length: Math.floor((data.length - 8) / 2) }, (_, i) =>
      data.readInt16LE(8 + i * 2),
    );
    const wanted = soundsLikeSpeech(samples.subarray(-windowSamples));
    send({
      type: wanted ? 'bargein_detected' : 'inference_done',
      created_at: createdAt,
      probabilities: [wanted ? 0.93 : 0.11],
      prediction_duration: inferenceMs / 1000,
      ...(!wanted && { is_bargein: false }),
    });
  };
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) void classify(data);
    else if ((JSON.parse(data.toString()) as { type?: string }).type === 'session.create') {
      send({ type: 'session.created', default_threshold: 0.5 });
    }
  });
}

const milliseconds = (ms: number): Duration => new Duration({ nanos: Math.round(ms * 1e6) });
