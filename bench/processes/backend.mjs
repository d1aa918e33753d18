import { once } from 'node:events';
import { createServer } from 'node:http';
import { answer } from '../children.mjs';

// A backend that takes whatever comes, or never answers.
let hanging = false;
let requests = 0;
let bytes = 0;
const server = createServer((request, response) => {
  requests += 1;
  request.on('data', (chunk) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    if (!hanging) response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
}).listen(0, '127.0.0.1');
await once(server, 'listening');

answer({
  url: () => `http://127.0.0.1:${server.address().port}`,
  hang: (whether) => {
    hanging = whether;
  },
  received: () => ({ requests, bytes }),
});
