// A worker process that is idle once a job has connected.

import { listenRelay } from '../../../../build/agent/relay/server.js';
import { createRecorder } from '../../../../build/metrics/recorder.js';

const relay = await listenRelay({ recorder: createRecorder() });
process.stdout.write(`${relay.path}\n`);
const wait = setInterval(() => {
  if (relay.connections > 0) clearInterval(wait);
}, 5);
