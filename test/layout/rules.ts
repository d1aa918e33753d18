import type { Module } from './modules.ts';

/** What a room may import beside its own files: rooms, single files of them, or files that lie in no room. */
interface Doors {
  values: readonly string[];
  /** Of these, types and nothing that is loaded. */
  types?: readonly string[];
  /** Packages, by how their names begin. @default all but those that only other rooms know */
  packages?: readonly string[];
}

const rooms: Readonly<Record<string, Doors>> = {
  catalogue: { values: [] },
  record: { values: ['catalogue'] },
  relay: { values: ['catalogue'], types: ['record'] },
  http: { values: [] },
  otel: { values: ['catalogue'] },
  telemetry: { values: ['catalogue', 'options.ts'] },
  pricing: { values: ['catalogue', 'options.ts'] },
  egress: { values: ['catalogue', 'options.ts'] },
  session: { values: ['catalogue', 'pricing'] },
  objects: { values: [] },
  gateway: {
    values: ['catalogue', 'http', 'objects', 'pricing', 'record', 'session', 'options.ts', 'version.ts'],
  },
  // It runs in a browser: nothing of Node.js, and of the gateway only what its API answers.
  page: {
    values: ['catalogue'],
    types: ['gateway/api/schema.ts', 'gateway/api/timeline-schema.ts'],
    packages: ['preact', 'zod'],
  },
  monitoring: { values: ['catalogue', 'pricing', 'gateway', 'reports'] },
  reports: { values: ['catalogue', 'objects', 'options.ts'] },
  livekit: {
    values: [
      ...['catalogue', 'record', 'relay', 'otel', 'pricing', 'session', 'telemetry', 'egress', 'reports'],
      ...['options.ts', 'version.ts'],
    ],
  },
};
/** Rooms that put the others together, so that they may import any but those named here. */
const composers: Readonly<Record<string, readonly string[]>> = {
  '': ['cli', 'simulate', 'monitoring', 'page'],
  simulate: ['cli', 'monitoring', 'page'],
  cli: ['page'],
};
/** Packages (by how their names begin) that only some rooms know. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@livekit/': ['livekit', 'simulate'],
  '@grafana/': ['monitoring'],
  '@opentelemetry/sdk-node': ['telemetry', 'livekit'],
  '@opentelemetry/exporter-': ['telemetry'],
  'livekit-server-sdk': ['egress'],
  'prom-client': ['record', 'gateway', 'simulate', ''],
};
/** The same, of packages of which a room may take types, and nothing that is loaded. */
const packageTypes: Readonly<Record<string, readonly string[]>> = { '@livekit/': ['session'] };
const maxLines = 400;
/** The SDK takes an agent from the default export of its file. */
const mayExportDefault = ['simulate/agent.ts'];

/** The first folder of a path; '' for a file that lies in none. */
const roomOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '') : '');

/** What of these modules is against the layout, one line each. */
export function violations(modules: readonly Module[]): string[] {
  return [...modules.flatMap((module) => [...directions(module), ...shape(module)]), ...cycles(modules)];
}

function directions({ path, imports }: Module): string[] {
  const room = roomOf(path);
  const doors = rooms[room];
  const closed = composers[room];
  if (!doors && !closed) return [`${path} lies in the room ${room}, which the layout does not know`];
  return imports.flatMap(({ target, own, typesOnly }) => {
    if (!own) {
      const name = Object.keys(packages).find((known) => target.startsWith(known)) ?? '';
      const known = doors?.packages?.some((begin) => target.startsWith(begin)) ?? true;
      if (known && (packages[name]?.includes(room) ?? true)) return [];
      const types = packageTypes[name]?.includes(room);
      return types && typesOnly ? [] : [`${path} must not import ${types ? 'values of ' : ''}${target}`];
    }
    const there = roomOf(target);
    if (there === room && room !== '') return [];
    const name = there === '' ? target : there;
    const byType = doors?.types?.some((door) => door === name || door === target) ?? false;
    const open = doors ? doors.values.includes(name) || (typesOnly && byType) : !closed?.includes(name);
    if (open) return [];
    return [`${path} must not import ${byType ? 'values of ' : ''}${target}`];
  });
}

function shape({ path, lines, hasDefaultExport }: Module): string[] {
  const found: string[] = [];
  if (lines > maxLines) found.push(`${path} has ${lines} lines; split it, ${maxLines} are enough`);
  if (/(?:^|[/-])(?:utils?|helpers?|misc|common)(?:[/.-]|$)/.test(path)) {
    found.push(`${path} is named after nothing; name it after what it does`);
  }
  if (hasDefaultExport && !mayExportDefault.includes(path)) found.push(`${path} has a default export`);
  return found;
}

/** Each cycle once, from the module of it that comes first. */
function cycles(modules: readonly Module[]): string[] {
  const next = new Map(
    modules.map(({ path, imports }) => [path, imports.flatMap(({ own, target }) => (own ? [target] : []))]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push(`import cycle: ${[...trail.slice(at), path].join(' → ')}`);
    if (at >= 0 || done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) walk(path, []);
  return found;
}
