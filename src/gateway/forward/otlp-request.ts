import type { Identity } from '../decode/identity.ts';
import {
  AnyValue,
  KeyValue,
  LogRequest,
  Resource,
  ResourceLogs,
  ResourceSpans,
  type Scope,
  ScopeLogs,
  ScopeSpans,
  type Span,
  TraceRequest,
  type WireLog,
} from '../decode/otlp-schema.ts';
import type { Identified } from '../decode/signals.ts';

/** The attributes that identify a session in a backend, for either SDK and any tracer. */
const attributeNames = {
  roomId: 'room_id',
  jobId: 'job_id',
  agentName: 'lk.agent_name',
  agentVersion: 'lk.deployment_id',
  cloudAgentId: 'lk.cloud_agent_id',
  language: 'telemetry.sdk.language',
} as const satisfies { [F in keyof Identity]?: string };

export const pair = (key: string, value: string): KeyValue =>
  new KeyValue({ key, value: new AnyValue({ value: { case: 'stringValue', value } }) });

/** The resource of a record with the attributes of its identity. */
function resourceOf(identity: Identity, sent: Resource | undefined): Resource {
  const own = Object.entries(attributeNames).flatMap(([field, name]) => {
    const value = identity[field as keyof typeof attributeNames];
    return value === undefined ? [] : [pair(name, value)];
  });
  const ownKeys = new Set(own.map(({ key }) => key));
  const others = (sent?.attributes ?? []).filter(({ key }) => !ownKeys.has(key));
  const service = others.some(({ key }) => key === 'service.name')
    ? []
    : [pair('service.name', 'livekit-agents')];
  return new Resource({ attributes: [...service, ...others, ...own] });
}

/** Groups records by resource and scope. */
function grouped<T>(
  records: readonly Identified<T>[],
): { resource: Resource; scopes: Map<Scope | undefined, T[]> }[] {
  const groups = new Map<string, { resource: Resource; scopes: Map<Scope | undefined, T[]> }>();
  const resources = new Map<Resource | undefined, number>();
  for (const { identity, wire, resource, scope } of records) {
    if (!resources.has(resource)) resources.set(resource, resources.size);
    const names = Object.keys(attributeNames).map((field) => identity[field as keyof Identity]);
    const key = JSON.stringify([resources.get(resource), names]);
    let group = groups.get(key);
    if (!group) {
      group = { resource: resourceOf(identity, resource), scopes: new Map() };
      groups.set(key, group);
    }
    const scoped = group.scopes.get(scope);
    if (scoped) scoped.push(wire);
    else group.scopes.set(scope, [wire]);
  }
  return [...groups.values()];
}

export const traceRequest = (spans: readonly Identified<Span>[]): TraceRequest =>
  new TraceRequest({
    resourceSpans: grouped(spans).map(
      ({ resource, scopes }) =>
        new ResourceSpans({
          resource,
          scopeSpans: [...scopes].map(([scope, wires]) => new ScopeSpans({ scope, spans: wires })),
        }),
    ),
  });

export const logRequest = (logs: readonly Identified<WireLog>[]): LogRequest =>
  new LogRequest({
    resourceLogs: grouped(logs).map(
      ({ resource, scopes }) =>
        new ResourceLogs({
          resource,
          scopeLogs: [...scopes].map(([scope, wires]) => new ScopeLogs({ scope, logRecords: wires })),
        }),
    ),
  });
