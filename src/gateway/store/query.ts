import { matcherOf, type SessionIndex } from './session-index.ts';
import { type SessionStatus, type SessionSummary, statusOf } from './summary.ts';

/** The sort keys of a list. */
export const sortKeys = [
  'start',
  'duration',
  'turns',
  'latencyP50',
  'latencyP95',
  'interruptions',
  'toolErrors',
  'cost',
  'agent',
] as const;

/** The parts that a session may have or lack. */
export const features = ['audio', 'transcript', 'trace', 'logs', 'report'] as const;
type Feature = (typeof features)[number];

export interface Query {
  /** Matches any of these values. */
  agent?: readonly string[];
  version?: readonly string[];
  status?: readonly SessionStatus[];
  closeReason?: readonly string[];
  tag?: readonly string[];
  roomName?: string;
  /** The range of start times, in unix seconds: `from` inclusive, `to` exclusive. */
  from?: number;
  to?: number;
  minDuration?: number;
  maxDuration?: number;
  minLatencyP95?: number;
  toolErrors?: boolean;
  interrupted?: boolean;
  redacted?: boolean;
  has?: readonly Feature[];
  lacks?: readonly Feature[];
  /** Words of the conversation, each by its prefix, or a part of the session's or the room's name. */
  q?: string;
  sort: (typeof sortKeys)[number];
  descending: boolean;
  limit: number;
  offset: number;
}

export interface Page {
  total: number;
  sessions: SessionSummary[];
}

const flags = {
  audio: 'hasAudio',
  transcript: 'hasTranscript',
  trace: 'hasTrace',
  logs: 'hasLogs',
  report: 'hasReport',
} as const satisfies Record<Feature, keyof SessionSummary>;

const oneOf = (wanted: readonly string[] | undefined, value: string | undefined): boolean =>
  wanted === undefined || (value !== undefined && wanted.includes(value));

const atLeast = (limit: number | undefined, value: number | undefined): boolean =>
  limit === undefined || (value !== undefined && value >= limit);

const agrees = (wanted: boolean | undefined, value: boolean): boolean =>
  wanted === undefined || wanted === value;

function accepts(query: Query, now: number): (summary: SessionSummary) => boolean {
  return (s) => {
    const duration = s.end - s.start;
    return (
      oneOf(query.agent, s.agent) &&
      oneOf(query.version, s.version) &&
      oneOf(query.closeReason, s.closeReason) &&
      oneOf(query.status, statusOf(s, now)) &&
      (query.tag === undefined || query.tag.some((tag) => s.tags?.includes(tag))) &&
      (query.roomName === undefined || s.roomName === query.roomName) &&
      atLeast(query.from, s.start) &&
      (query.to === undefined || s.start < query.to) &&
      atLeast(query.minDuration, duration) &&
      (query.maxDuration === undefined || duration <= query.maxDuration) &&
      atLeast(query.minLatencyP95, s.latencyP95) &&
      agrees(query.toolErrors, s.toolErrors > 0) &&
      agrees(query.interrupted, s.interruptions > 0) &&
      agrees(query.redacted, s.redacted) &&
      (query.has ?? []).every((feature) => s[flags[feature]]) &&
      !(query.lacks ?? []).some((feature) => s[flags[feature]])
    );
  };
}

const sortValue = (s: SessionSummary, key: Query['sort']): number | string | undefined =>
  key === 'duration' ? s.end - s.start : s[key];

/** Sessions without a value are last, in either direction; equal ones are sorted newest first. */
function comparator({ sort, descending }: Query): (a: SessionSummary, b: SessionSummary) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const x = sortValue(a, sort);
    const y = sortValue(b, sort);
    if (x !== y) {
      if (x === undefined) return 1;
      if (y === undefined) return -1;
      return sign * (x < y ? -1 : 1);
    }
    return b.start - a.start || (a.id < b.id ? -1 : 1);
  };
}

/** @param now unix seconds */
export function list(index: SessionIndex, query: Query, now: number): Page {
  const accepted = index.summaries().filter(accepts(query, now));
  const found = query.q === undefined ? accepted : accepted.filter(finder(index, query.q));
  found.sort(comparator(query));
  return { total: found.length, sessions: found.slice(query.offset, query.offset + query.limit) };
}

function finder(index: SessionIndex, q: string): (summary: SessionSummary) => boolean {
  const matches = matcherOf(q);
  const name = q.trim().toLowerCase();
  return ({ id, roomId, roomName }) =>
    matches(index.searchTerms(id)) ||
    [id, roomId, roomName].some((known) => known?.toLowerCase().includes(name));
}

const facetNames = ['agent', 'version', 'status', 'closeReason', 'tag'] as const;
type Facets = Record<(typeof facetNames)[number], Record<string, number>>;

/** The filter values of a list, with their numbers of sessions. */
export function facets(index: SessionIndex, now: number): Facets {
  const counts = new Map(facetNames.map((name) => [name, new Map<string, number>()]));
  const count = (name: (typeof facetNames)[number], value: string | undefined) => {
    const values = counts.get(name);
    if (value !== undefined) values?.set(value, (values.get(value) ?? 0) + 1);
  };
  for (const summary of index.summaries()) {
    count('agent', summary.agent);
    count('version', summary.version);
    count('closeReason', summary.closeReason);
    count('status', statusOf(summary, now));
    for (const tag of summary.tags ?? []) count('tag', tag);
  }
  return Object.fromEntries(
    [...counts].map(([name, values]) => [name, Object.fromEntries(values)]),
  ) as Facets;
}
