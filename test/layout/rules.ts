import { metricsFields, type SdkFields } from '../../src/monitoring/sdk-fields.ts';
import type { PrivateApi } from '../../src/private-apis/table.ts';
import type { Module } from './modules.ts';

/** The imports that the files of a folder may have beside each other. */
interface Allowed {
  /** Folders, single files in folders, or top-level files. */
  values: readonly string[];
  /** Folders or files from which only types may be imported. */
  types?: readonly string[];
  /** Packages, by prefix. @default all except those reserved for other folders */
  packages?: readonly string[];
}

const files = ['deadline.ts', 'options.ts', 'package.ts'];
const shared = ['catalogue', 'http', 'metrics', 'objects', 'pricing', 'private-apis', 'session', ...files];
const agent = ['egress', 'livekit', 'otel', 'relay', 'reports', 'telemetry'].map((name) => `agent/${name}`);

const folders: Readonly<Record<string, Allowed>> = {
  // Shared by the agent module and the gateway.
  catalogue: { values: [] },
  http: { values: ['deadline.ts'] },
  metrics: { values: ['catalogue', 'private-apis'] },
  objects: { values: [] },
  pricing: { values: ['catalogue', ...files] },
  // Of the packages, it takes not even types.
  'private-apis': { values: ['package.ts'], packages: ['node:'] },
  session: { values: ['catalogue', 'pricing', 'private-apis'] },

  // Runs in the agent. The agent and the gateway never import each other.
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
  // Runs in a browser: no Node.js modules, and only the API types of the gateway.
  web: {
    values: ['catalogue'],
    types: ['gateway/api/schema.ts'],
    packages: ['preact', 'zod'],
  },
  simulate: { values: [...shared, 'agent', ...agent, 'gateway'] },
  cli: { values: [...shared, 'agent', ...agent, 'gateway', 'monitoring', 'simulate'] },
  // Top-level files.
  '': { values: files },
};

/** Packages (by prefix) that only some folders may import. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@livekit/': ['agent/livekit', 'simulate'],
  '@grafana/': ['monitoring'],
  '@opentelemetry/sdk-node': ['agent/telemetry', 'agent/livekit'],
  '@opentelemetry/exporter-prometheus': ['agent/otel'],
  '@opentelemetry/exporter-': ['agent/telemetry'],
  'livekit-server-sdk': ['agent/egress'],
  'prom-client': ['metrics', 'gateway', 'simulate', 'agent'],
};
/** Packages (by prefix) from which some folders may import only types. */
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
/** The SDK loads an agent from the default export of its file. */
const mayExportDefault = ['simulate/agent.ts'];

/** The fields of the SDK's metrics events in milliseconds. */
const inMilliseconds: ReadonlySet<string> = new Set(
  Object.values<SdkFields>(metricsFields)
    .flatMap(({ documented, further }) => [...documented, ...further].map(({ node }) => node))
    .filter((name) => name.endsWith('Ms')),
);

/** The folder of a path to which rules apply, such as `gateway` or `agent/relay`; '' for a top-level file. */
function folderOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  if (path.split('/').length > 2 && first === 'agent') return `agent/${second}`;
  return path.includes('/') ? first : '';
}

/** The violations of the layout rules, one line each. */
export function violations(modules: readonly Module[]): string[] {
  return [
    ...modules.flatMap((module) => [
      ...importViolations(module),
      ...fileViolations(module),
      ...privateApiViolations(module),
      ...unitViolations(module),
    ]),
    ...importCycles(modules),
  ];
}

function importViolations({ path, imports }: Module): string[] {
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

function privateApiViolations({ path, code }: Module): string[] {
  if (folderOf(path) === 'private-apis') return [];
  const named = Object.values(privateNames).flatMap((name) => name.exec(code)?.[0] ?? []);
  const field = mayUseFields.includes(path) ? undefined : privateField.exec(code)?.[1];
  const all = new Set([...named, ...(field ? [field] : [])]);
  return [...all].map(
    (name) => `${path} must not use ${name}: it is a private API; add it to src/private-apis`,
  );
}

function fileViolations({ path, lines, hasDefaultExport }: Module): string[] {
  const found: string[] = [];
  if (lines > maxLines) found.push(`${path} has ${lines} lines; split it, ${maxLines} are enough`);
  if (/(?:^|[/-])(?:utils?|helpers?|misc|common)(?:[/.-]|$)/.test(path)) {
    found.push(`${path} is named after nothing; name it after what it does`);
  }
  if (hasDefaultExport && !mayExportDefault.includes(path)) found.push(`${path} has a default export`);
  return found;
}

/** Only the agent's converter and the gateway's decoder see milliseconds of the SDK: what they give to others is in seconds. */
function unitViolations({ path, millisecondNames }: Module): string[] {
  const folder = folderOf(path);
  return millisecondNames
    .filter((name) => folder === 'session' || (folder === 'gateway' && inMilliseconds.has(name)))
    .map((name) => `${path} must not contain ${name}: times are in seconds here`);
}

/** Each import cycle once, starting at its first module. */
function importCycles(modules: readonly Module[]): string[] {
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
