import { conversationScope } from '../../../src/catalogue/conversation.ts';
import { attributesOf, attributeValueOf } from '../../../src/gateway/decode/attribute-value.ts';
import { LogRequest } from '../../../src/gateway/decode/otlp-schema.ts';
import type { Backend } from './backend.ts';

/** The log lines that a backend received on the Loki path, with their resources. */
export const linesOf = (backend: Backend) =>
  backend
    .of('/otlp/v1/logs')
    .flatMap(({ body }) => LogRequest.fromBinary(body).resourceLogs)
    .flatMap(({ resource, scopeLogs }) =>
      scopeLogs.flatMap(({ scope, logRecords }) =>
        logRecords.map((log) => ({
          resource: attributesOf(resource?.attributes),
          scope: scope?.name,
          text: String(attributeValueOf(log.body)),
          traceId: Buffer.from(log.traceId).toString('hex'),
          keys: log.attributes.map(({ key }) => key),
          attributes: attributesOf(log.attributes),
        })),
      ),
    );

/** The conversation records among these lines. */
export const conversationRecordsTo = (backend: Backend) =>
  linesOf(backend).filter(({ scope }) => scope === conversationScope);
