import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  JobType,
  RegisterWorkerResponse,
  Room,
  ServerMessage,
  WorkerMessage,
} from '@livekit/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

/** A job that is offered to a worker: its identity and metadata. */
export interface Dispatch {
  id: string;
  agentName: string;
  /** Available to the job as `ctx.job.metadata`. */
  metadata: string;
}

export interface Signalling {
  /** The URL that the worker connects to. */
  readonly url: string;
  /** Resolves when a worker has registered. */
  readonly registered: Promise<void>;
  /** Offers a job to the registered worker. Rejects if none is registered, or if the worker declines. */
  dispatch(job: Dispatch): Promise<void>;
  close(): Promise<void>;
}

const offerTimeoutMs = 10_000;

/**
 * Serves on 127.0.0.1 the part of a LiveKit server that a worker uses: its `/agent` WebSocket, over which workers register,
 * are offered jobs, accept them and get them assigned. It has no rooms.
 */
export async function listenSignalling(): Promise<Signalling> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const offers = new Map<string, { job: Job; settle: (error?: Error) => void }>();
  let worker: WebSocket | undefined;
  let register = () => {};
  const registered = new Promise<void>((resolve) => {
    register = resolve;
  });

  const send = (socket: WebSocket, message: ServerMessage['message']) =>
    socket.send(new ServerMessage({ message }).toBinary());

  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { message } = WorkerMessage.fromBinary(data as Buffer);
      if (message.case === 'register') {
        worker = socket;
        send(socket, {
          case: 'register',
          value: new RegisterWorkerResponse({ workerId: 'AW_simulated' }),
        });
        register();
      } else if (message.case === 'availability') {
        const { jobId, available } = message.value;
        const offer = offers.get(jobId);
        if (!offer) return;
        if (!available) return offer.settle(new Error(`the worker declined job ${jobId}`));
        const assignment = new JobAssignment({ job: offer.job, url, token: 'simulated' });
        send(socket, { case: 'assignment', value: assignment });
        offer.settle();
      }
    });
    socket.on('close', () => {
      if (worker === socket) worker = undefined;
    });
  });

  return {
    url,
    registered,
    dispatch({ id, agentName, metadata }) {
      if (!worker) return Promise.reject(new Error('no worker is registered'));
      const job = new Job({
        id,
        agentName,
        metadata,
        type: JobType.JT_ROOM,
        room: new Room({ name: id.replace(/^AJ_/, 'call-'), sid: id.replace(/^AJ_/, 'RM_') }),
      });
      send(worker, { case: 'availability', value: new AvailabilityRequest({ job }) });
      return new Promise((resolve, reject) => {
        const settle = (error?: Error) => {
          clearTimeout(timer);
          offers.delete(id);
          if (error) reject(error);
          else resolve();
        };
        const timer = setTimeout(
          () => settle(new Error(`the worker did not answer the offer of job ${id}`)),
          offerTimeoutMs,
        );
        offers.set(id, { job, settle });
      });
    },
    async close() {
      for (const offer of [...offers.values()]) offer.settle(new Error('the signalling closed'));
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
