import { conversationScope } from '../../catalogue/conversation.ts';
import { attributeValueOf } from '../decode/attribute-value.ts';
import type { Identity } from '../decode/identity.ts';
import { KeyValue, Scope, WireLog } from '../decode/otlp-schema.ts';
import { emptyBatch, sessionOf } from '../decode/records.ts';
import { addLog, type Identified } from '../decode/signals.ts';
import { type Conversation, type EventRecord, eventRecordsOf } from './conversation-records.ts';
import { pair } from './otlp-request.ts';

/** An ended conversation. */
export interface EndedConversation extends Conversation {
  identity: Identity;
  traceId?: string;
}

/** Longer text is truncated: Loki refuses a whole request if the attributes of a line exceed 64 KB. */
const maxText = 8 * 1024;

/**
 * Records in the format for Loki: every attribute once, nested values in the line, as JSON. Records of the conversation and
 * the report are omitted: they are sent after it has ended, see `conversationRecords`.
 *
 * @param traces by session
 */
export function forLoki(
  logs: readonly Identified<WireLog>[],
  traces: ReadonlyMap<string, string> = new Map(),
): Identified<WireLog>[] {
  return logs.filter(isLine).map((log) => traced(flattened(log), traces.get(sessionOf(log.identity) ?? '')));
}

/** The log records of a conversation and of its report, by the signal that a job may export itself. */
export function conversationRecords({
  identity,
  traceId,
  ...conversation
}: EndedConversation): Record<'conversation' | 'report', Identified<WireLog>[]> {
  const records: ReturnType<typeof conversationRecords> = { conversation: [], report: [] };
  for (const record of eventRecordsOf(conversation)) {
    const wire = wireOf(record, identity.agentVersion);
    const log = traced({ identity, resource: undefined, scope, wire }, traceId);
    records[record.event === 'lk.session_report' ? 'report' : 'conversation'].push(log);
  }
  return records;
}

const scope = new Scope({ name: conversationScope });

function isLine(log: Identified<WireLog>): boolean {
  const batch = emptyBatch(log.identity);
  addLog(batch, log);
  return batch.logs.length + batch.evaluations.length > 0 || sessionOf(log.identity) === undefined;
}

function wireOf(
  { event, at, severity, body, attributes }: EventRecord,
  version: string | undefined,
): WireLog {
  // The name in a job's records; LiveKit's resource has `lk.deployment_id`.
  const named = { 'event.name': event, ...(version && { 'lk.agent_version': version }), ...attributes };
  return new WireLog({
    timeUnixNano: BigInt(Math.round(at * 1e6)) * 1000n,
    severityNumber: severity === 'WARN' ? 13 : 9,
    severityText: severity,
    body: pair('', body).value,
    attributes: Object.entries(named).map(([key, value]) => bounded(pair(key, String(value)))),
  });
}

/** Adds the trace of its session, if it has none. */
function traced(identified: Identified<WireLog>, traceId: string | undefined): Identified<WireLog> {
  if (traceId === undefined || identified.wire.traceId.length > 0) return identified;
  return { ...identified, wire: new WireLog({ ...identified.wire, traceId: Buffer.from(traceId, 'hex') }) };
}

const isNested = ({ value }: KeyValue): boolean =>
  value?.value.case === 'kvlistValue' || value?.value.case === 'arrayValue';

function bounded({ key, value }: KeyValue): KeyValue {
  const held = value?.value;
  if (held?.case !== 'stringValue' || held.value.length <= maxText) return new KeyValue({ key, value });
  return pair(key, `${held.value.slice(0, maxText)}…`);
}

function flattened(identified: Identified<WireLog>): Identified<WireLog> {
  const { wire } = identified;
  const attributes = new Map(wire.attributes.map((attribute) => [attribute.key, attribute]));
  const nested = [...attributes.values()].filter(isNested);
  const flat = [...attributes.values()].filter((attribute) => !isNested(attribute)).map(bounded);
  const body =
    nested.length === 0
      ? wire.body
      : pair(
          '',
          JSON.stringify({
            message: attributeValueOf(wire.body),
            ...Object.fromEntries(nested.map(({ key, value }) => [key, attributeValueOf(value)])),
          }),
        ).value;
  return { ...identified, wire: new WireLog({ ...wire, attributes: flat, body }) };
}
