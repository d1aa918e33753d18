import { conversationScope } from '../../catalogue/conversation.ts';
import { mergeItems } from '../decode/chat-item.ts';
import { WireLog } from '../decode/log-schema.ts';
import { addLog } from '../decode/logs.ts';
import { KeyValue, Scope } from '../decode/otlp-schema.ts';
import { plainOf } from '../decode/plain.ts';
import { emptyBatch, type SessionBatch, sessionOf } from '../decode/records.ts';
import type { Owned } from '../decode/spans.ts';
import { type Told, toldOf } from './told.ts';
import { pair } from './unified.ts';

/** What is known of a session from what else came of it. */
export interface Background {
  traceId?: string;
  closeReason?: string;
}

/** Longer text is cut: Loki refuses lines whose attributes take more than 64 KB together, and all that come with them. */
const maxText = 8 * 1024;

/**
 * Records as Loki keeps them best: every attribute once, what is nested in the line, as JSON; and what the SDKs upload of a
 * conversation as the records that a job tells of it.
 *
 * @param backgrounds by session
 */
export function forLoki(
  logs: readonly Owned<WireLog>[],
  backgrounds: ReadonlyMap<string, Background> = new Map(),
): Owned<WireLog>[] {
  const found: Owned<WireLog>[] = [];
  const sessions = new Map<string, { first: Owned<WireLog>; batch: SessionBatch }>();
  for (const log of logs) {
    const session = sessionOf(log.identity);
    const known = session === undefined ? undefined : sessions.get(session);
    const batch = known?.batch ?? emptyBatch(log.identity);
    addLog(batch, log);
    if (session !== undefined && !known && isTold(batch)) sessions.set(session, { first: log, batch });
    if (batch.logs.splice(0).length + batch.evaluations.splice(0).length > 0 || session === undefined)
      found.push(flattened(log));
  }
  for (const [session, { first, batch }] of sessions) {
    const { closeReason } = backgrounds.get(session) ?? {};
    const records = toldOf({ items: mergeItems([], batch.items), report: batch.report, closeReason });
    found.push(
      ...records.map((record) => ({ ...first, scope, wire: wireOf(record, first.identity.agentVersion) })),
    );
  }
  return found.map((log) => traced(log, backgrounds.get(sessionOf(log.identity) ?? '')?.traceId));
}

const scope = new Scope({ name: conversationScope });
const isTold = ({ items, report }: SessionBatch): boolean => items.length > 0 || report !== undefined;

function wireOf({ event, at, severity, body, attributes }: Told, version: string | undefined): WireLog {
  // A job calls it so, where LiveKit's resource says `lk.deployment_id`.
  const named = { 'event.name': event, ...(version && { 'lk.agent_version': version }), ...attributes };
  return new WireLog({
    timeUnixNano: BigInt(Math.round(at * 1e6)) * 1000n,
    severityNumber: severity === 'WARN' ? 13 : 9,
    severityText: severity,
    body: pair('', body).value,
    attributes: Object.entries(named).map(([key, value]) => bounded(pair(key, String(value)))),
  });
}

/** With the trace of its session, if it says none. */
function traced(owned: Owned<WireLog>, traceId: string | undefined): Owned<WireLog> {
  if (traceId === undefined || owned.wire.traceId.length > 0) return owned;
  return { ...owned, wire: new WireLog({ ...owned.wire, traceId: Buffer.from(traceId, 'hex') }) };
}

const isNested = ({ value }: KeyValue): boolean =>
  value?.value.case === 'kvlistValue' || value?.value.case === 'arrayValue';

function bounded({ key, value }: KeyValue): KeyValue {
  const held = value?.value;
  if (held?.case !== 'stringValue' || held.value.length <= maxText) return new KeyValue({ key, value });
  return pair(key, `${held.value.slice(0, maxText)}…`);
}

function flattened(owned: Owned<WireLog>): Owned<WireLog> {
  const { wire } = owned;
  const attributes = new Map(wire.attributes.map((attribute) => [attribute.key, attribute]));
  const nested = [...attributes.values()].filter(isNested);
  const flat = [...attributes.values()].filter((attribute) => !isNested(attribute)).map(bounded);
  const body =
    nested.length === 0
      ? wire.body
      : pair(
          '',
          JSON.stringify({
            message: plainOf(wire.body),
            ...Object.fromEntries(nested.map(({ key, value }) => [key, plainOf(value)])),
          }),
        ).value;
  return { ...owned, wire: new WireLog({ ...wire, attributes: flat, body }) };
}
