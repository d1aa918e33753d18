/** The child process of `exit-flush.ts`: sends the OTLP requests of its standard input. */
import { text } from 'node:stream/consumers';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import type { ExitFlushRequest } from './exit-flush.ts';

const requests = JSON.parse(await text(process.stdin)) as ExitFlushRequest[];

for (const { signal, url, headers, contentType, body } of requests) {
  const options = convertLegacyHttpOptions(
    { ...(url && { url }), ...(headers && { headers }) },
    signal,
    `v1/${signal.toLowerCase()}`,
    { 'Content-Type': contentType },
  );
  // The body is serialized already.
  const passThrough = { serializeRequest: (bytes: Uint8Array) => bytes, deserializeResponse: () => ({}) };
  createOtlpHttpExportDelegate(options, passThrough).export(Buffer.from(body, 'base64'), () => {});
}
