import { maxDepthOfValue, NestedTooDeep } from './decode-limits.ts';
import type { AnyValue, KeyValue } from './otlp-schema.ts';

/** An attribute value as JSON data; integers beyond 2^53 are text. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | AttributeValue[]
  | { [key: string]: AttributeValue };
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** @throws NestedTooDeep if its nesting exceeds the limit */
export function attributeValueOf(any: AnyValue | undefined, depth = 0): AttributeValue {
  if (depth > maxDepthOfValue) throw new NestedTooDeep();
  const held = any?.value;
  switch (held?.case) {
    case 'stringValue':
    case 'boolValue':
      return held.value;
    case 'doubleValue':
      return Number.isFinite(held.value) ? held.value : String(held.value);
    case 'intValue':
      return Number.isSafeInteger(Number(held.value)) ? Number(held.value) : String(held.value);
    case 'arrayValue':
      return held.value.values.map((value) => attributeValueOf(value, depth + 1));
    case 'kvlistValue':
      return attributesOf(held.value.values, depth + 1);
    case 'bytesValue':
      return Buffer.from(held.value).toString('base64');
    default:
      return null;
  }
}

/** Attributes by key. A duplicate key, as in the logs of Node.js, has its last value. */
export const attributesOf = (pairs: readonly KeyValue[] = [], depth = 0): { [key: string]: AttributeValue } =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, attributeValueOf(value, depth)]));

export const text = (value: AttributeValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A finite number, also one that was sent as text: `intValue` is text in OTLP's JSON. */
export function number(value: AttributeValue | undefined): number | undefined {
  const taken = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof taken === 'number' && Number.isFinite(taken) ? taken : undefined;
}

/** The SDKs write some flags as text. */
export function flag(value: AttributeValue | undefined): boolean | undefined {
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'boolean' ? value : undefined;
}

export const list = (value: AttributeValue | undefined): AttributeValue[] =>
  Array.isArray(value) ? value : [];

export const record = (value: AttributeValue | undefined): { [key: string]: AttributeValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

/** An attribute that contains JSON; empty if it is not JSON. */
export function parsed(value: AttributeValue | undefined): { [key: string]: AttributeValue } {
  if (typeof value !== 'string') return record(value);
  try {
    return record(JSON.parse(value));
  } catch {
    return {};
  }
}

/** Unix seconds from unix nanoseconds, to the microsecond. */
export const secondsOf = (nanoseconds: bigint): number => Number(nanoseconds / 1000n) / 1e6;
