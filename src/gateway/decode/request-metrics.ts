import { type Attributes, type AttributeValue, number, parsed } from './attribute-value.ts';

const camel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * The metrics that an SDK wrote on the span of a request, as JSON: under the names of the JavaScript SDK without `Ms`, times
 * in unix seconds and durations in seconds, as Python sends them.
 */
export function requestMetrics(json: AttributeValue | undefined): Attributes {
  const wire = parsed(json);
  // Keys with an underscore are Python's.
  return Object.keys(wire).some((key) => key.includes('_')) ? ofPython(wire) : ofNode(wire);
}

function ofNode(wire: Attributes): Attributes {
  const found: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(wire)) {
    if (key.endsWith('Ms')) found[key.slice(0, -2)] = (number(value) ?? Number.NaN) / 1000;
    else if (key === 'timestamp') found.timestamp = (number(value) ?? Number.NaN) / 1000;
    else found[key] = value;
  }
  return found;
}

function ofPython(wire: Attributes): Attributes {
  const found: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(wire)) {
    // No connection was acquired if it took no time.
    if (value === null || (key === 'acquire_time' && value === 0)) continue;
    found[camel(key)] = typeof value === 'object' && !Array.isArray(value) ? ofPython(value) : value;
  }
  return found;
}
