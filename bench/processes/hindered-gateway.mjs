/** A gateway with something in its way: options as JSON; with `dies`, a recording that begins to come is its end. */
import { subscribe } from 'node:diagnostics_channel';
import { startGateway } from '../../build/gateway/gateway.js';
import { answer } from '../children.mjs';

const { dies = false, ...options } = JSON.parse(process.argv[2]);
const gateway = await startGateway({ minFreeBytes: 0, log: () => {}, ...options });

if (dies) {
  subscribe('http.server.request.start', ({ request }) => {
    if (request.url.includes('/recordings/')) process.kill(process.pid, 'SIGKILL');
  });
}

answer({ url: () => gateway.url }, () => gateway.close());
