import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { conversationRecords } from '../src/catalogue/conversation.ts';
import { catalogue } from '../src/catalogue/metrics.ts';
import { recordingErrors, recordingOutcomes } from '../src/catalogue/recordings.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const options = read('docs/options.md');
const howItWorks = read('docs/how-it-works.md');
const telemetry = read('docs/telemetry.md');
const reports = read('docs/reports.md');
const recordings = read('docs/recordings.md');

/** The rows of the table that follows a line, first cell first. */
const rowsAfter = (line: string, page: string) =>
  (page.split(line)[1] ?? '')
    .split('\n\n')
    .find((block) => block.trim().startsWith('|'))
    ?.trim()
    .split('\n')
    .slice(2)
    .map((row) => row.split('|')[1]?.trim());

/** The property names of an interface, read from its source. */
const propertiesOf = (path: string, name: string) => {
  const body = read(path).match(new RegExp(`interface ${name} \\{\\n(.*?)\\n\\}`, 's'))?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, property]) => `\`${property}\``);
};

test('docs/options.md lists all options of monitor()', () => {
  const properties = propertiesOf('src/agent/monitor-options.ts', 'MonitorOptions');
  expect(properties).toContain('`port`');
  expect(rowsAfter('`monitor(options)`, in the worker:', options)).toEqual(properties);
});

test('docs/options.md lists all options of observe()', () => {
  const properties = propertiesOf('src/agent/livekit/observe-options.ts', 'ObserveOptions');
  expect(properties).toContain('`recordTo`');
  expect(rowsAfter('`observe(session, ctx, options)`, in the job:', options)).toEqual(properties);
});

test('docs/telemetry.md lists all options of telemetry and all switches', () => {
  const options = propertiesOf('src/agent/telemetry/settings.ts', 'TelemetryOptions');
  expect(options).toContain('`endpoint`');
  expect(rowsAfter('## Options', telemetry)).toEqual(options);
  const switches = propertiesOf('src/agent/livekit/observe-options.ts', 'RecordSwitches');
  expect(rowsAfter('## Switches per session', telemetry)?.toSorted()).toEqual(switches.toSorted());
});

test('docs/reports.md lists all options of reports', () => {
  const options = propertiesOf('src/agent/reports/settings.ts', 'ReportOptions');
  expect(options).toContain('`to`');
  expect(rowsAfter('## Options', reports)).toEqual(options);
});

test('docs/recordings.md lists all options, outcomes and errors of recordings', () => {
  const options = propertiesOf('src/agent/egress/settings.ts', 'RecordRoomOptions');
  expect(options).toContain('`audioOnly`');
  expect(rowsAfter('## Options', recordings)).toEqual(options);
  const coded = (names: readonly string[]) => names.map((name) => `\`${name}\``).toSorted();
  const outcomes = recordingOutcomes.filter((outcome) => outcome !== 'lost');
  expect(rowsAfter("before the job's end, if you like\n```", recordings)?.toSorted()).toEqual(
    coded([...outcomes, 'off']),
  );
  expect(rowsAfter('## Errors', recordings)).toEqual(recordingErrors.map((code) => `\`${code}\``));
});

test('docs/telemetry.md lists all records of the conversation', () => {
  const events = Object.keys(conversationRecords).map((event) => `\`${event}\``);
  expect(rowsAfter('## Conversation records', telemetry)?.toSorted()).toEqual(events.toSorted());
});

test('the pages of options, telemetry, recordings and reports list exactly the environment variables', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('simulate') && !/^(cli|gateway)\b/.test(path))
    .map((path) => read(join('src', path)));
  const names = (text: string) => [...text.matchAll(/\bTALKGAUGE_[A-Z_]*[A-Z]\b/g)].map(([name]) => name);
  const used = new Set(sources.flatMap(names));
  expect([...new Set(names(options + telemetry + recordings + reports))].toSorted()).toEqual(
    [...used].toSorted(),
  );
});

test('every series named in the pages is in the catalogue', () => {
  const names = [
    ...(howItWorks + options + telemetry + recordings + reports).matchAll(/\b(?:lk_agents|talkgauge)_\w+/g),
  ].map(([name]) => name);
  expect(names.length).toBeGreaterThan(5);
  const base = names.map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
  expect(base.filter((name) => !Object.hasOwn(catalogue, name))).toEqual([]);
});

test('docs/how-it-works.md lists the series that need a room', () => {
  const needed = Object.keys(catalogue).filter((name) => catalogue[name]?.needsRoom);
  const [, sentence] = howItWorks.match(/but those that need a room(.*?)\n\n/s) ?? [];
  expect([...(sentence ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(needed);
});

test('the scripts named in README and the pages exist', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = [...(readme + howItWorks).matchAll(/npm (?:run )?(\w[\w:]*)/g)].map(([, name]) => name ?? '');
  expect(named).toEqual(expect.arrayContaining(['start', 'test', 'bench', 'check']));
  const ofNpm = ['ci', 'install', 'pack'];
  expect(named.filter((name) => !ofNpm.includes(name) && !Object.hasOwn(scripts, name))).toEqual([]);
});

test('README has at most 150 lines', () => {
  expect(readme.split('\n').length).toBeLessThanOrEqual(150);
});
