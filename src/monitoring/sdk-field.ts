/** What a field counts in; a `duration` is in milliseconds in Node.js and in seconds in Python. */
export type FieldUnit =
  | 'duration'
  | 'seconds'
  | 'tokens'
  | 'tokens/s'
  | 'characters'
  | 'count'
  | 'ratio'
  /** In milliseconds since the epoch in Node.js, in seconds in Python. */
  | 'time'
  /** In seconds since the epoch. */
  | 'time in seconds'
  | 'flag'
  | 'name'
  | 'object';

/** A field of an SDK type under its names in `@livekit/agents` (Node.js) and `livekit-agents` (Python). */
export interface SdkField {
  node: string;
  python?: string;
  unit: FieldUnit;
  /** How it is used, or why no series is made of it. */
  note?: string;
}

export interface SdkFields {
  title: string;
  /** The fields that LiveKit's own metrics reference lists, in its order. */
  documented: readonly SdkField[];
  /** Those that it leaves out. */
  further: readonly SdkField[];
}

/** Makes fields of a unit. Keeps the names as literal types, so that they can be checked against the SDK's. */
export const fieldIn =
  <const U extends FieldUnit>(unit: U) =>
  <const N extends string, const P extends string | undefined = undefined>(
    node: N,
    python?: P,
    note?: string,
  ) => ({ node, python, unit, note });
