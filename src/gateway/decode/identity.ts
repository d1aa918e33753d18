import { type ExportedSignal, exportedMarkers, isExportedMarker } from '../../catalogue/marker.ts';
import { type Attributes, type AttributeValue, text } from './attribute-value.ts';
import type { KeyValue } from './otlp-schema.ts';

/** The session that a record belongs to, and its flags, from either SDK or a user's own tracer. */
export interface Identity {
  /** The room's SID. */
  roomId?: string;
  jobId?: string;
  roomName?: string;
  agentName?: string;
  /** The deploy: `LIVEKIT_AGENT_DEPLOYMENT`. */
  agentVersion?: string;
  cloudAgentId?: string;
  /** `nodejs` or `python`. */
  language?: string;
  /** Whether content and personal data must not be stored. */
  redacted: boolean;
  /** Whether the caller was simulated by LiveKit. */
  simulated: boolean;
  /** The signals that its job exports itself; undefined: none are declared. */
  exported?: readonly ExportedSignal[];
}

type TextField = Exclude<keyof Identity, 'redacted' | 'simulated' | 'exported'>;

/** The attributes of each field; the first one present counts. */
const names: Readonly<Record<TextField, readonly string[]>> = {
  roomId: ['room_id', 'lk.room_sid'],
  jobId: ['job_id', 'lk.job_id', 'jobID'],
  roomName: ['lk.pii.room_name', 'lk.room_name', 'room'],
  agentName: ['lk.agent_name', 'agent_name'],
  agentVersion: ['lk.deployment_id'],
  cloudAgentId: ['lk.cloud_agent_id'],
  language: ['telemetry.sdk.language'],
};

/** The name of an agent without one (LiveKit's default) in metrics and in forwarded data. */
export const unnamed = 'unknown';

const isTrue = (value: AttributeValue | undefined): boolean => value === true || value === 'true';

const signals = Object.keys(exportedMarkers) as ExportedSignal[];

/** @param sources attributes of the record, its scope and its resource, in order of precedence */
export function identityOf(...sources: readonly Attributes[]): Identity {
  const found: { -readonly [K in TextField]?: string } = {};
  for (const field of Object.keys(names) as TextField[]) {
    for (const source of sources) {
      const value = names[field]
        .map((name) => text(source[name]))
        .find((known) => known !== undefined && !(field === 'agentName' && known === unnamed));
      if (value === undefined) continue;
      found[field] = value;
      break;
    }
  }
  const exported = signals.filter((signal) =>
    sources.some((source) => isTrue(source[exportedMarkers[signal]])),
  );
  return {
    ...found,
    ...(exported.length > 0 && { exported }),
    redacted: sources.some((source) => isTrue(source['lk.redaction.enabled'])),
    simulated: sources.some((source) => isTrue(source['lk.simulation.enabled'])),
  };
}

/** The identity from two records of a session; the later one wins. */
export const merged = (before: Identity, after: Identity): Identity => ({
  ...before,
  ...Object.fromEntries(Object.entries(after).filter(([, value]) => value !== undefined)),
  redacted: before.redacted || after.redacted,
  simulated: before.simulated || after.simulated,
  ...((before.exported || after.exported) && { exported: united(before.exported, after.exported) }),
});

const united = (before: readonly ExportedSignal[] = [], after: readonly ExportedSignal[] = []) => [
  ...before,
  ...after.filter((signal) => !before.includes(signal)),
];

/** Removes the markers that only the gateway needs. */
export const withoutMarkers = (pairs: KeyValue[]): KeyValue[] =>
  pairs.some(({ key }) => isExportedMarker(key)) ? pairs.filter(({ key }) => !isExportedMarker(key)) : pairs;
