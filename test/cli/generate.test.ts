import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';

const run = promisify(execFile);
const talkgauge = join(import.meta.dirname, '../../dist/cli.js');

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'generate-'));
});
afterEach(() => rmSync(out, { recursive: true }));

const generate = (...args: string[]) => run(process.execPath, [talkgauge, 'generate', '--out', out, ...args]);
const read = (path: string) => readFileSync(join(out, path), 'utf8');

test('the default output equals the committed files', async () => {
  const { stdout } = await generate();
  const paths = stdout.trim().split('\n');
  expect(paths).toContain('dashboards/latency.json');
  expect(paths).toContain('alerts/talkgauge.yml');
  expect(readdirSync(join(out, 'dashboards')).length).toBe(
    paths.filter((path) => path.endsWith('.json')).length,
  );
  for (const path of paths) {
    expect(read(path)).toBe(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'));
  }
});

test('a profile changes the thresholds of alerts and panels', async () => {
  await generate('--profile', 'telephony');
  expect(read('prometheus/rules/talkgauge.yml')).toContain('{le=~"2\\\\.5"}');
  expect(read('alerts/talkgauge.yml')).toContain('took longer than 2.5 s');
  expect(read('dashboards/latency.json')).toContain('"Answered within 2.5 s"');
});

test('custom objectives take precedence over the profile', async () => {
  const file = join(out, 'objectives.yml');
  writeFileSync(file, 'turnLatency: { seconds: 1.2, ratio: 0.9 }\n');
  await generate('--profile', 'strict', '--objectives', file);
  expect(read('alerts/talkgauge.yml')).toContain('90 % of the turns must be answered within 1.2 s');
  expect(read('alerts/talkgauge.yml')).toContain('99.5 % of the sessions');
});

test('matchers, agents and labels apply to every raw series and to board filters', async () => {
  await generate(
    '--selector',
    'job="voice", zone!~"test.*"',
    '--agents',
    'front-desk,b.c',
    '--labels',
    'region',
  );
  expect(read('prometheus/rules/talkgauge.yml')).toContain(
    'sum by (region, agent_name, agent_version, outcome, tools) ' +
      '(rate(lk_agents_turns_total{job="voice", zone!~"test.*", agent_name=~"front-desk|b\\\\.c"}[5m]))',
  );
  const board = JSON.parse(read('dashboards/latency.json'));
  const region = board.templating.list.find(({ name }: { name: string }) => name === 'region');
  expect(region.query.query).toBe(
    'label_values(lk_agents_sessions_active{job="voice", zone!~"test.*", agent_name=~"front-desk|b\\\\.c"}, region)',
  );
  expect(read('dashboards/latency.json')).toContain('region=~\\"$region\\"');
});

test("Alertmanager's configuration compares the user's own labels, and the message templates are beside it", async () => {
  await generate('--labels', 'region,tenant');
  const { route, inhibit_rules } = parse(read('prometheus/alertmanager.yml'));
  expect(route.group_by).toEqual(['alertname', 'agent_name', 'region', 'tenant']);
  expect(inhibit_rules.length).toBe(8);
  for (const { equal } of inhibit_rules) expect(equal).toEqual(expect.arrayContaining(['region', 'tenant']));
  expect(read('prometheus/templates/talkgauge.tmpl')).toContain('define "talkgauge.title"');
});

test('without recording rules no board reads a recorded rate', async () => {
  await generate('--no-recording');
  expect(read('dashboards/latency.json')).not.toContain(':rate5m');
  expect(read('dashboards/latency.json')).toContain('rate(lk_agents_turn_e2e_latency_seconds_bucket{');
});

test('alert links use the given Grafana and runbook URLs', async () => {
  await generate('--grafana', 'https://grafana.example.com/', '--runbooks', 'https://wiki.example.com/voice');
  expect(read('alerts/talkgauge.yml')).toContain(
    'runbook_url: https://wiki.example.com/voice/LiveKitAgentTurnLatencyBudgetBurn.md',
  );
  expect(read('alerts/talkgauge.yml')).toContain(
    'dashboard_url: https://grafana.example.com/d/talkgauge-slo/slo?',
  );
});

test('session boards query the given Loki, Tempo and service and link to the given gateway', async () => {
  await generate(
    ...['--logs-datasource', 'my-loki', '--traces-datasource', 'my-tempo'],
    ...['--service', 'voice', '--gateway', 'https://calls.example.com/'],
  );
  const { templating } = JSON.parse(read('dashboards/session.json'));
  const chosen = templating.list.map(({ name, current }: { name: string; current?: { value?: string } }) => [
    name,
    current?.value,
  ]);
  expect(chosen).toContainEqual(['logs', 'my-loki']);
  expect(chosen).toContainEqual(['traces', 'my-tempo']);
  expect(read('dashboards/sessions.json')).toContain('{service_name=\\"voice\\"}');
  expect(read('dashboards/session.json')).toMatch(/https:..calls.example.com.sessions.\$.job_id./);
});

test.each([
  [['--service', 'a"b'], 'It takes the name of a service'],
  [['--gateway', 'calls'], 'It takes a URL'],
  [['--profile', 'lax'], 'Allowed choices are strict, standard, telephony'],
  [['--selector', 'job=voice'], 'It takes matchers, such as job="voice"'],
  [['--labels', 'a-b'], 'a-b is not a valid label name'],
  [['--grafana', 'grafana'], 'It takes a URL'],
  [['--objectives', '/nowhere.yml'], 'Cannot use the objectives in /nowhere.yml: ENOENT'],
])('%j is refused', async (args, message) => {
  await expect(generate(...args)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
});

test.each([
  [
    'turnLatency: { seconds: 1.7, ratio: 0.9 }',
    '1.7 is no bucket of lk_agents_turn_e2e_latency_seconds; choose from',
  ],
  ['turnLatency: { seconds: 1.5, ratio: 95 }', 'turnLatency.ratio: '],
  ['turnLatancy: { seconds: 1.5, ratio: 0.95 }', 'The objectives are turnLatency, '],
  ['- 1', 'the file: '],
])('objectives %j are refused', async (content, message) => {
  const file = join(out, 'objectives.yml');
  writeFileSync(file, content);
  await expect(generate('--objectives', file)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
});

const alertsOf = (name: string) =>
  (parse(read('alerts/talkgauge.yml')) as { groups: { rules: Record<string, unknown>[] }[] }).groups
    .flatMap(({ rules }) => rules)
    .filter(({ alert }) => alert === name);

test('alerts can be disabled or overridden by name, or by name and severity', async () => {
  const file = join(out, 'alerts.yml');
  writeFileSync(
    file,
    `disable: [LiveKitAgentUsageUnpriced, LiveKitAgentUnansweredTurns/warning]
override:
  LiveKitAgentToolSlow: { severity: info, for: 30m, labels: { team: tools } }
  LiveKitAgentStuck: { for: 7m }
  LiveKitAgentStuck/critical: { for: 10m }
`,
  );
  await generate('--alerts', file, '--disable', 'TalkgaugeLabelOverflow, LiveKitAgentCacheHitDrop');
  for (const name of ['LiveKitAgentUsageUnpriced', 'TalkgaugeLabelOverflow', 'LiveKitAgentCacheHitDrop'])
    expect(alertsOf(name)).toEqual([]);
  expect(alertsOf('LiveKitAgentUnansweredTurns')).toMatchObject([{ labels: { severity: 'critical' } }]);
  expect(alertsOf('LiveKitAgentToolSlow')).toMatchObject([
    { for: '30m', labels: { severity: 'info', category: 'latency', team: 'tools' } },
  ]);
  expect(alertsOf('LiveKitAgentStuck').map((rule) => rule.for)).toEqual(['10m', '7m']);
  expect(alertsOf('LiveKitAgentToolFailing')).toMatchObject([{ for: '2m', labels: { severity: 'warning' } }]);
});

test.each([
  [
    ['--disable', 'LiveKitAgentToolSlo'],
    'There is no alert LiveKitAgentToolSlo; did you mean LiveKitAgentToolSlow?',
  ],
  [['--disable', 'Nonsense'], 'There is no alert Nonsense; docs/alerts.md lists them.'],
  [
    ['--disable', 'LiveKitAgentToolSlow/critical'],
    'LiveKitAgentToolSlow has no severity critical; it has warning',
  ],
  [['--alerts', '/nowhere.yml'], 'Cannot use the alerts in /nowhere.yml: ENOENT'],
])('%j is refused, and nothing is written', async (args, message) => {
  await expect(generate(...args)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
  expect(readdirSync(out)).toEqual([]);
});

test.each([
  [
    'override: { LiveKitAgentStuk: { for: 10m } }',
    'There is no alert LiveKitAgentStuk; did you mean LiveKitAgentStuck',
  ],
  [
    'override: { LiveKitAgentStuck: { severity: warning } }',
    'Two rules of LiveKitAgentStuck would both be warning and could not be distinguished; disable one of them',
  ],
  ['override: { LiveKitAgentStuck: { severity: page } }', 'override.LiveKitAgentStuck.severity: '],
  ['override: { LiveKitAgentStuck: { for: ten } }', 'It takes a duration such as 10m'],
  ['disabled: [LiveKitAgentStuck]', 'It takes disable, a list of alerts, and override, by alert.'],
])('alert options %j are refused', async (content, message) => {
  const file = join(out, 'alerts.yml');
  writeFileSync(file, content);
  await expect(generate('--alerts', file)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  });
});
