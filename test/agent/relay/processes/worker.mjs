// A worker process with a relay. It sends the socket path to its parent and exposes metrics or exits on request.

import { listenRelay } from '../../../../build/agent/relay/server.js';
import { createRecorder } from '../../../../build/metrics/recorder.js';

const recorder = createRecorder();
const relay = await listenRelay({ recorder, path: process.argv[2] });
process.on('message', async (request) => {
  if (request === 'exit') process.exit(0);
  process.send(await recorder.expose('text'));
});
process.on('disconnect', async () => {
  await relay.close();
  process.exit(0);
});
process.send(relay.path);
