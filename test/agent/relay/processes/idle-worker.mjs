// A worker process that has nothing left to do once a job has connected.

import { listenRelay } from '../../../../dist/agent/relay/server.js';
import { createRecorder } from '../../../../dist/metrics/recorder.js';

const relay = await listenRelay({ recorder: createRecorder() });
process.stdout.write(`${relay.path}\n`);
const wait = setInterval(() => {
  if (relay.connections > 0) clearInterval(wait);
}, 5);
