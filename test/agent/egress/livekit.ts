import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  EgressInfo,
  EgressStatus,
  FileInfo,
  ListEgressResponse,
  RoomCompositeEgressRequest,
} from '@livekit/protocol';
import { TokenVerifier } from 'livekit-server-sdk';
import { bodyOf } from '../../request-body.ts';

export const apiKey = 'devkey';
export const apiSecret = 'a secret of at least thirty-two characters';

type Method = 'StartRoomCompositeEgress' | 'StopEgress' | 'ListEgress';
/** A response: a message, immediately or after a promise; a Twirp error; an HTTP page of another server; or none. */
export type Answer =
  | { info: ConstructorParameters<typeof EgressInfo>[0]; after?: Promise<unknown> }
  | { items: ConstructorParameters<typeof EgressInfo>[0][] }
  | { status: number; code: string; msg: string }
  | { status: number; page: string }
  | 'hang';

/** A fake of the egress API of LiveKit's server on 127.0.0.1. It checks tokens like the server. */
export interface LiveKit {
  url: string;
  /** The requests, in order. */
  calls: { method: Method; body: object }[];
  /** The requested recording, decoded by the protocol. */
  asked(): RoomCompositeEgressRequest;
  answer(method: Method, answer: Answer): void;
  /** Clears the recorded requests and the configured responses. */
  clear(): void;
  close(): Promise<void>;
}

const id = { egressId: 'EG_1', roomName: 'call-1' };
/** A recording that egress has just accepted. */
export const starting = { ...id, status: EgressStatus.EGRESS_STARTING };
export const file = new FileInfo({
  filename: 'AJ_1-2026-11-27T002000.ogg',
  location: 'https://calls.s3.amazonaws.com/AJ_1-2026-11-27T002000.ogg',
  startedAt: 1_795_739_000_250_000_000n,
  endedAt: 1_795_739_012_750_000_000n,
  duration: 12_500_000_000n,
  size: 98_765n,
});
/** A recording that ended well, with its file. */
export const complete = { ...id, status: EgressStatus.EGRESS_COMPLETE, fileResults: [file] };

export async function openLiveKit(): Promise<LiveKit> {
  const verifier = new TokenVerifier(apiKey, apiSecret);
  const calls: LiveKit['calls'] = [];
  const usual: Partial<Record<Method, Answer>> = {
    StartRoomCompositeEgress: { info: starting },
    StopEgress: { info: { ...id, status: EgressStatus.EGRESS_ENDING } },
  };
  let answers = { ...usual };
  /** The default list response: the active recording, or after its end the recording with its file. */
  let stopped = false;
  const list = (): Answer => ({
    items: [stopped ? complete : { ...id, status: EgressStatus.EGRESS_ACTIVE }],
  });
  const server = createServer(async (request, response) => {
    const sent = await bodyOf(request);
    if (!sent) return;
    const [, method] = request.url?.match(/^\/twirp\/livekit\.Egress\/(\w+)$/) ?? [];
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const grants = await verifier.verify(token).catch(() => undefined);
    if (!grants) return send(401, { code: 'unauthenticated', msg: 'invalid token' });
    if (!grants.video?.roomRecord) return send(403, { code: 'permission_denied', msg: 'permissions denied' });
    calls.push({ method: method as Method, body: JSON.parse(String(sent)) });
    if (method === 'StopEgress') stopped = true;
    const answer = answers[method as Method] ?? (method === 'ListEgress' ? list() : undefined);
    if (!answer) return send(404, { code: 'bad_route', msg: `no handler for path ${request.url}` });
    if (answer === 'hang') return;
    if ('after' in answer) await answer.after;
    if ('page' in answer) return response.writeHead(answer.status).end(answer.page);
    if ('code' in answer) return send(answer.status, { code: answer.code, msg: answer.msg });
    const message =
      'items' in answer
        ? new ListEgressResponse({ items: answer.items.map((one) => new EgressInfo(one)) })
        : new EgressInfo(answer.info);
    send(200, message.toJson() as object);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    asked: () => {
      const call = calls.find(({ method }) => method === 'StartRoomCompositeEgress');
      return RoomCompositeEgressRequest.fromJson((call?.body ?? {}) as never);
    },
    answer: (method, answer) => {
      answers[method] = answer;
    },
    clear() {
      calls.length = 0;
      answers = { ...usual };
      stopped = false;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
