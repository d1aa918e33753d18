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

/** The audio of a call, in a file that waits to be moved into its session. */
export interface AudioFile {
  path: string;
  bytes: number;
  /** Unix seconds at which it begins. */
  start?: number;
}

/** What one upload says of one session. */
export interface SessionBatch {
  identity: Identity;
  spans: SpanRecord[];
  logs: LogRecord[];
  items: ChatItem[];
  evaluations: Evaluation[];
  metrics: MetricPoint[];
  report?: SessionReport;
  /** Whether the recording has come, with or without audio: the last thing that an SDK sends of a session. */
  recorded?: boolean;
  audio?: AudioFile;
  /** Why there is no audio although some was sent. */
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

/** A session's name: that of its job, else that of its room; undefined for what belongs to none. */
export const sessionOf = ({ jobId, roomId }: Identity): string | undefined => jobId ?? roomId;
