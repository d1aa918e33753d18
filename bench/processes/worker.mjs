import { collectDefaultMetrics, Registry } from 'prom-client';
import { listenRelay } from '../../build/agent/relay/server.js';
import { serveMetrics } from '../../build/http/metrics-server.js';
import { createRecorder } from '../../build/metrics/recorder.js';
import { answer } from '../children.mjs';
import { cpuTime } from '../measure.mjs';

// What `monitor` starts in a worker, without the LiveKit server beside it.
const registry = new Registry();
collectDefaultMetrics({ register: registry });
const recorder = createRecorder({ registry });
const relay = await listenRelay({ recorder });
const http = await serveMetrics({ expose: recorder.expose, port: 0 });

answer(
  {
    addresses: () => ({ socket: relay.path, url: `${http.url}/metrics` }),
    connections: () => relay.connections,
    expose: () => recorder.expose('text'),
    cpuTime,
    memory: () => {
      globalThis.gc?.();
      return process.memoryUsage();
    },
  },
  () => Promise.all([relay.close(), http.close()]),
);
