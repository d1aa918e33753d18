// A worker process that has nothing left to do once a job has connected.
import { createRecorder } from '../../../dist/record/recorder.js';
import { listenRelay } from '../../../dist/relay/server.js';

const relay = await listenRelay({ recorder: createRecorder() });
process.stdout.write(`${relay.path}\n`);
const wait = setInterval(() => {
  if (relay.connections > 0) clearInterval(wait);
}, 5);
