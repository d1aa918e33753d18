/** A process of its own that sends what is on its standard input; see `exit-flush.ts`. */
import { text } from 'node:stream/consumers';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import type { Message } from './exit-flush.ts';

const messages = JSON.parse(await text(process.stdin)) as Message[];

for (const { signal, url, headers, contentType, body } of messages) {
  const options = convertLegacyHttpOptions(
    { ...(url && { url }), ...(headers && { headers }) },
    signal,
    `v1/${signal.toLowerCase()}`,
    { 'Content-Type': contentType },
  );
  // The body has been made already.
  const asItIs = { serializeRequest: (bytes: Uint8Array) => bytes, deserializeResponse: () => ({}) };
  createOtlpHttpExportDelegate(options, asItIs).export(Buffer.from(body, 'base64'), () => {});
}
