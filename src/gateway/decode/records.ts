import type { Attributes } from './attribute-value.ts';
import type { ChatItem } from './chat-item.ts';
import type { Identity } from './identity.ts';
import type { SessionReport } from './session-report.ts';

/** A span. Times are unix seconds. */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  parentId?: string;
  name: string;
  start: number;
  end: number;
  attributes: Attributes;
  events: readonly { name: string; at: number; attributes: Attributes }[];
  status: 'unset' | 'ok' | 'error';
  statusMessage?: string;
}

export type LogLevel = 'unspecified' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** A line of a log. `at` is unix seconds. */
export interface LogRecord {
  at: number;
  level: LogLevel;
  message: string;
  /** The logger. */
  scope: string;
  attributes: Attributes;
  traceId?: string;
  spanId?: string;
}

/** An evaluation of the session, or a tag with its details; only the Python SDK has them. */
export interface Evaluation {
  kind: 'evaluation' | 'tag' | 'outcome';
  at: number;
  details: Attributes;
}

/** A point of one of the SDK's own instruments, over the time since the point before (`delta`). */
export interface MetricPoint {
  name: string;
  unit: string;
  at: number;
  attributes: Attributes;
  /** Of a counter or a gauge. */
  value?: number;
  /** Of a histogram. */
  count?: number;
  sum?: number;
  min?: number;
  max?: number;
  delta: boolean;
}

/** The audio of a call, in a temporary file until it is moved into its session. */
export interface AudioFile {
  path: string;
  bytes: number;
  /** Its start, in unix seconds. */
  start?: number;
}

/** The data of one session in one upload. */
export interface SessionBatch {
  identity: Identity;
  spans: SpanRecord[];
  logs: LogRecord[];
  items: ChatItem[];
  evaluations: Evaluation[];
  metrics: MetricPoint[];
  report?: SessionReport;
  /** Whether the recording has arrived, with or without audio: the last upload of a session. */
  recorded?: boolean;
  audio?: AudioFile;
  /** Why audio that was sent is not stored. */
  audioDropped?: 'redacted' | 'too_large';
}

export const emptyBatch = (identity: Identity): SessionBatch => ({
  identity,
  spans: [],
  logs: [],
  items: [],
  evaluations: [],
  metrics: [],
});

/** A session's id: that of its job, otherwise that of its room; undefined for records without a session. */
export const sessionOf = ({ jobId, roomId }: Identity): string | undefined => jobId ?? roomId;
