import { conversationScope } from '../../../src/catalogue/conversation.ts';
import { attributesOf, attributeValueOf } from '../../../src/gateway/decode/attribute-value.ts';
import { LogRequest } from '../../../src/gateway/decode/otlp-schema.ts';
import type { Backend } from './backend.ts';

/** What a backend got for Loki, with the resource of each. */
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

/** Of these, what was told of conversations. */
export const conversationRecordsTo = (backend: Backend) =>
  linesOf(backend).filter(({ scope }) => scope === conversationScope);
