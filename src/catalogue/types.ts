/** One field of an SDK event that a series is made of; `docs/metrics.md` lists them all. */
export interface SourceField {
  /** The SDK's type, e.g. `LLMMetrics`. */
  of: string;
  /** The field's name in `@livekit/agents` (JavaScript). */
  node: string;
  /** The field's name in `livekit-agents` (Python), where it has one. */
  python?: string;
}

/** `'open'`: any value, capped per registry; a list: these values and no others. */
export type LabelValues = 'open' | readonly string[];

/**
 * What makes label sets of a counter known before their first event: then they are exposed at 0, so that `increase()` sees
 * that event.
 */
export interface StartsWith {
  /** The series whose new label set makes them known. `agent`: its first job is connected. `worker`: it has its name. */
  series: string;
  /** Values of labels. One that is not given has all of its listed values; one that takes any value, that of the same name there. */
  labels?: Readonly<Record<string, string | readonly string[]>>;
  /** Labels that have their value from there though their values are listed. */
  same?: readonly string[];
}

/** One series of the catalogue. Everything else (registration, docs, boards) derives from it. */
export interface MetricSpec {
  type: 'counter' | 'gauge' | 'histogram';
  /** What it measures, as one sentence; it becomes the HELP line. */
  help: string;
  /** The base unit; a series whose unit is `seconds` or `ratio` says so in its name. */
  unit: string;
  /** The series' own labels; `agent_name`, `agent_version` and the user's constant labels come on top. */
  labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds of a histogram, in `unit`. */
  buckets?: readonly number[];
  /** The event, span or call of the SDK (or the part of Talkgauge) it comes from. */
  source: string;
  fields?: readonly SourceField[];
  /** For a counter: what makes its label sets known. @default its agent; with an open label, another label set of its own */
  startsWith?: readonly StartsWith[];
  /** Whether it is made from other series where the registry is (see `Derivation`): no job sends it. */
  derived?: true;
  /** Whether the SDK can emit it only in a job that is connected to a room. */
  needsRoom?: true;
  /**
   * For a gauge that belongs to a job's connection: when that connection is lost before the job took
   * its share back, the share is added to this counter, so that a crashed call is still counted.
   */
  onLost?: { metric: string; labels: Readonly<Record<string, string>> };
}

/** The labels that every series of the catalogue carries. */
export const commonLabels = ['agent_name', 'agent_version'] as const;

/** The identity of an observation: the values of the common labels. */
export type Identity = Readonly<Record<(typeof commonLabels)[number], string>>;
