import type { PrivateApi } from '../../src/private-apis/table.ts';
import type { Module } from './modules.ts';

/** What the files of a folder may import beside each other. */
interface Allowed {
  /** Folders, single files of them, or files that lie in no folder. */
  values: readonly string[];
  /** Of these, types and nothing that is loaded. */
  types?: readonly string[];
  /** Packages, by how their names begin. @default all but those that only other folders may import */
  packages?: readonly string[];
}

const files = ['deadline.ts', 'options.ts', 'package.ts'];
const shared = ['catalogue', 'http', 'metrics', 'objects', 'pricing', 'private-apis', 'session', ...files];
const agent = ['egress', 'livekit', 'otel', 'relay', 'reports', 'telemetry'].map((name) => `agent/${name}`);

const folders: Readonly<Record<string, Allowed>> = {
  // Shared by the two deployables.
  catalogue: { values: [] },
  http: { values: ['deadline.ts'] },
  metrics: { values: ['catalogue', 'private-apis'] },
  objects: { values: [] },
  pricing: { values: ['catalogue', ...files] },
  // Of the packages, it takes not even types.
  'private-apis': { values: ['package.ts'], packages: ['node:'] },
  session: { values: ['catalogue', 'pricing', 'private-apis'] },

  // What runs in the agent. It and the gateway never import each other.
  agent: { values: [...shared, ...agent] },
  'agent/egress': { values: ['catalogue', 'private-apis', 'deadline.ts', 'options.ts'] },
  'agent/livekit': {
    values: [...shared, ...agent].filter((name) => !['agent/livekit', 'http', 'objects'].includes(name)),
  },
  'agent/otel': { values: ['catalogue', 'private-apis'] },
  'agent/relay': { values: ['catalogue', 'private-apis'], types: ['metrics'] },
  'agent/reports': { values: ['catalogue', 'objects', 'options.ts'] },
  'agent/telemetry': { values: ['catalogue', ...files] },

  gateway: { values: shared },
  monitoring: { values: ['catalogue', 'pricing', 'gateway', 'agent/reports', 'package.ts'] },
  // It runs in a browser: nothing of Node.js, and of the gateway only what its API returns.
  web: {
    values: ['catalogue'],
    types: ['gateway/api/schema.ts'],
    packages: ['preact', 'zod'],
  },
  simulate: { values: [...shared, 'agent', ...agent, 'gateway'] },
  cli: { values: [...shared, 'agent', ...agent, 'gateway', 'monitoring', 'simulate'] },
  // Files that lie in no folder.
  '': { values: files },
};

/** Packages (by how their names begin) that only some folders may import. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@livekit/': ['agent/livekit', 'simulate'],
  '@grafana/': ['monitoring'],
  '@opentelemetry/sdk-node': ['agent/telemetry', 'agent/livekit'],
  '@opentelemetry/exporter-prometheus': ['agent/otel'],
  '@opentelemetry/exporter-': ['agent/telemetry'],
  'livekit-server-sdk': ['agent/egress'],
  'prom-client': ['metrics', 'gateway', 'simulate', 'agent'],
};
/** The same, of packages of which a folder may take types, and nothing that is loaded. */
const packageTypes: Readonly<Record<string, readonly string[]>> = { '@livekit/': ['session'] };

/** What private APIs of other packages are called: only `private-apis` may. */
const privateNames: Readonly<Record<PrivateApi, RegExp>> = {
  redaction: /_redactionEnabled/,
  processMain: /(?:job|inference)\)?_proc_lazy_main/,
  processMessages: /startJobRequest|initializeResponse|'exiting'|'job crashed'/,
  adapterLabels: /StreamAdapter<|stream_adapter|fallback_adapter/,
  serverRun: /\bAgentServer\b.*\bprototype\b/,
  serverMessages: /'worker_msg'/,
  sessionStart: /\bAgentSession\b.*\bprototype\b/,
  shutdownCallbacks: /\bshutdownCallbacks\b/,
  uploadMetadata: /_otelMetadata/,
  turnContext: /_agentTurnContext/,
  loggerStream: /@livekit\/agents:logger|pino\.stream/,
  spanProcessors: /_spanProcessors|_activeSpanProcessor/,
  apiGlobals: /opentelemetry\.js\.api/,
  socketDescriptor: /\b_handle\b/,
  inferenceRunner: /registerRunner/,
  egressTexts:
    /no response from|egress not connected|not enough CPU|start signal not received|room does not exist|upload failed/i,
  logTexts: /AgentSession closed|'session closed'|error in entry function|unhandled exception while running/,
  promClient: /_defaultLabels|getForPromString/,
};
/** And whatever else begins with an underscore, as names of private fields do. */
const privateField = /[\w)\]}]\??\.(_[a-zA-Z]\w*)/;
/** These extend classes of the SDK that are made to be extended, and use what these have for it. */
const mayUseFields: readonly string[] = ['simulate/models/realtime.ts'];

const maxLines = 400;
/** The SDK takes an agent from the default export of its file. */
const mayExportDefault = ['simulate/agent.ts'];

/** The folder of a path that rules are about, such as `gateway` or `agent/relay`; '' for a file that lies in none. */
function folderOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  if (path.split('/').length > 2 && first === 'agent') return `agent/${second}`;
  return path.includes('/') ? first : '';
}

/** What of these modules violates the layout, one line each. */
export function violations(modules: readonly Module[]): string[] {
  const each = modules.flatMap((module) => [...directions(module), ...shape(module), ...privateApis(module)]);
  return [...each, ...cycles(modules)];
}

function directions({ path, imports }: Module): string[] {
  const folder = folderOf(path);
  const allowed = folders[folder];
  if (!allowed)
    return [`${path} is in the folder ${folder}, which has no rule: add one to test/layout/rules.ts`];
  return imports.flatMap(({ target, own, typesOnly }) => {
    if (!own) {
      const name = Object.keys(packages).find((known) => target.startsWith(known)) ?? '';
      const known = allowed.packages?.some((begin) => target.startsWith(begin)) ?? true;
      if (known && (packages[name]?.includes(folder) ?? true)) return [];
      const types = packageTypes[name]?.includes(folder);
      return types && typesOnly ? [] : [`${path} must not import ${types ? 'values of ' : ''}${target}`];
    }
    const there = folderOf(target);
    if (there === folder && folder !== '') return [];
    const name = there === '' ? target : there;
    const byType = allowed.types?.some((each) => each === name || each === target) ?? false;
    if (allowed.values.includes(name) || (typesOnly && byType)) return [];
    return [`${path} must not import ${byType ? 'values of ' : ''}${target}`];
  });
}

function privateApis({ path, code }: Module): string[] {
  if (folderOf(path) === 'private-apis') return [];
  const named = Object.values(privateNames).flatMap((name) => name.exec(code)?.[0] ?? []);
  const field = mayUseFields.includes(path) ? undefined : privateField.exec(code)?.[1];
  const all = new Set([...named, ...(field ? [field] : [])]);
  return [...all].map(
    (name) => `${path} must not use ${name}: it is a private API; add it to src/private-apis`,
  );
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
