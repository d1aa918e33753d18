import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { installed, isMissing, run } from './programs.ts';
import { read, root, withExamplesEnabled } from './repository.ts';

const path = join(root, 'prometheus/alertmanager.yml');
const allReceiversEnabled = withExamplesEnabled(read('prometheus/alertmanager.yml'));

interface Receiver {
  name: string;
  slack_configs?: { api_url_file: string }[];
  email_configs?: { to: string }[];
  webhook_configs?: { url_file: string }[];
}
const { receivers, global } = parse(allReceiversEnabled) as {
  receivers: Receiver[];
  global: { smtp_auth_password_file: string };
};

const amtools = installed('amtool', 'amtool3');
describe.skipIf(isMissing(...amtools)).each(amtools)('%s', (amtool) => {
  test('accepts the committed configuration', () => {
    const said = run(amtool, 'check-config', path);
    expect(said).toContain('SUCCESS');
    expect(said).toContain('4 receivers');
  });

  test('accepts the configuration with all receivers enabled', () => {
    const directory = mkdtempSync(join(tmpdir(), 'alertmanager-'));
    try {
      const file = join(directory, 'alertmanager.yml');
      // Version 0.25 of distributions has no url_file.
      const text =
        amtool === 'amtool'
          ? allReceiversEnabled.replaceAll(/url_file: \/run\/secrets\/\w+-webhook-url/g, (match) =>
              match.includes('slack') ? match : 'url: http://127.0.0.1/',
            )
          : allReceiversEnabled;
      writeFileSync(file, text.replace('templates/', `${join(root, 'prometheus/templates')}/`));
      const said = run(amtool, 'check-config', file);
      expect(said).toContain('SUCCESS');
      expect(said).toContain('1 templates');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('routes the watchdog to a receiver of its own', () => {
    const labels = ['alertname=TalkgaugeWatchdog', 'severity=none', 'category=telemetry'];
    const routed = run(amtool, 'config', 'routes', 'test', `--config.file=${path}`, ...labels);
    expect(routed.trim()).toBe('watchdog');
  });

  test.each([
    ['critical', 'page'],
    ['warning', 'ticket'],
    ['info', 'quiet'],
    ['of-your-own', 'ticket'],
  ])('routes %s to %s', (severity, receiver) => {
    const routed = run(amtool, 'config', 'routes', 'test', `--config.file=${path}`, `severity=${severity}`);
    expect(routed.trim()).toBe(receiver);
  });
});

test('pages and tickets have examples for Slack, mail and a webhook, the watchdog for a webhook, and quiet alerts none', () => {
  const kinds = receivers.map(({ name, ...rest }) => [name, Object.keys(rest)]);
  const all = ['slack_configs', 'email_configs', 'webhook_configs'];
  expect(kinds).toEqual([
    ['page', all],
    ['ticket', all],
    ['watchdog', ['webhook_configs']],
    ['quiet', []],
  ]);
});

test('the committed configuration sends no notifications', () => {
  const { receivers: committed } = parse(read('prometheus/alertmanager.yml')) as { receivers: Receiver[] };
  expect(committed).toEqual([{ name: 'page' }, { name: 'ticket' }, { name: 'watchdog' }, { name: 'quiet' }]);
});

test('every secret is a documented file in secrets/alertmanager', () => {
  const files = [
    global.smtp_auth_password_file,
    ...receivers.flatMap(({ slack_configs = [], webhook_configs = [] }) => [
      ...slack_configs.map(({ api_url_file }) => api_url_file),
      ...webhook_configs.map(({ url_file }) => url_file),
    ]),
  ];
  expect([...new Set(files)]).toEqual([
    '/run/secrets/smtp-password',
    '/run/secrets/slack-webhook-url',
    '/run/secrets/page-webhook-url',
    '/run/secrets/ticket-webhook-url',
    '/run/secrets/watchdog-webhook-url',
  ]);
  const page = read('secrets/README.md');
  expect(files.filter((file) => !page.includes(file.replace('/run/secrets', 'alertmanager')))).toEqual([]);
  expect(allReceiversEnabled).not.toMatch(/hooks\.slack\.com|password: |api_url: /);
});
