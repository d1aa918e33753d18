import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Alerting, startAlerting } from './alerting.ts';
import { eventually, installed, isMissing, run } from './programs.ts';
import { root } from './repository.ts';

const labels = {
  alertname: 'LiveKitAgentTurnLatencyBudgetBurn',
  severity: 'critical',
  agent_name: 'front desk',
};
const annotations = {
  summary: 'front desk: 12% of turns > 2 s, 14.4 times what the budget bears',
  description: 'In 1 h & 5 m.',
  runbook_url: 'https://example.com/runbooks/burn.md',
  dashboard_url: 'http://localhost:3000/d/talkgauge-slo',
};

const alertmanagers = installed('prometheus-alertmanager', 'alertmanager3');
describe.skipIf(isMissing(...alertmanagers)).each(alertmanagers)('a message of %s', (command) => {
  let alerting: Alerting;
  beforeAll(async () => {
    alerting = await startAlerting(command, { groupWait: '1s' });
    await alerting.fire(
      {
        labels: { ...labels, window: '1h' },
        annotations,
        generatorURL: 'http://localhost:9090/graph?g0.expr=up',
      },
      { labels: { ...labels, window: '6h' }, annotations: { summary: 'Only a <summary>' } },
    );
  });
  afterAll(() => alerting?.stop());

  test('to Slack has alert, agent and value, and links to runbook, board, query and silence', async () => {
    const message = await eventually(
      async () => alerting.messages.find(({ via }) => via === 'slack')?.body.attachments?.[0],
      'a message',
    );
    expect(message).toMatchObject({
      title: 'FIRING (2) critical: LiveKitAgentTurnLatencyBudgetBurn, front desk',
      fallback: 'FIRING (2) critical: LiveKitAgentTurnLatencyBudgetBurn, front desk',
      title_link: 'http://alerts.example.com/#/alerts?receiver=page',
      color: 'danger',
      text: [
        '*front desk: 12% of turns &gt; 2 s, 14.4 times what the budget bears*',
        'In 1 h &amp; 5 m.',
        '<https://example.com/runbooks/burn.md|Runbook>  <http://localhost:3000/d/talkgauge-slo|Dashboard>  ' +
          '<http://localhost:9090/graph?g0.expr=up|Query>',
        '*Only a &lt;summary&gt;*',
        '',
        '<http://alerts.example.com/#/silences/new?filter=%7Balertname%3D%22LiveKitAgentTurnLatencyBudgetBurn%22%2C' +
          'agent_name%3D%22front%20desk%22%2Cseverity%3D%22critical%22%7D|Silence>',
      ].join('\n'),
    });
  });
});

const amtools = installed('amtool', 'amtool3');
describe.skipIf(isMissing(...amtools)).each(amtools)('%s renders', (amtool) => {
  const data = {
    receiver: 'page',
    status: 'resolved',
    alerts: [
      { status: 'resolved', labels, annotations, generatorURL: 'http://localhost:9090/graph?g0.expr=up' },
    ],
    groupLabels: { alertname: labels.alertname, agent_name: labels.agent_name },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'http://alerts.example.com',
  };
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'messages-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const render = (name: string, type: 'text' | 'html', about: object = data) => {
    writeFileSync(join(directory, 'data.json'), JSON.stringify(about));
    return run(
      amtool,
      'template',
      'render',
      `--template.glob=${root}/prometheus/templates/*.tmpl`,
      `--template.data=${join(directory, 'data.json')}`,
      `--template.type=${type}`,
      `--template.text={{ template "${name}" . }}`,
    ).trim();
  };

  test('a mail with the same content', () => {
    const mail = render('talkgauge.email', 'html');
    expect(mail).toContain('<h3>RESOLVED critical: LiveKitAgentTurnLatencyBudgetBurn, front desk</h3>');
    expect(mail).toContain(
      '<b>Resolved: front desk: 12% of turns &gt; 2 s, 14.4 times what the budget bears</b>',
    );
    expect(
      [...mail.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g)].map(([, link, text]) => [text, link]),
    ).toEqual([
      ['Runbook', 'https://example.com/runbooks/burn.md'],
      ['Dashboard', 'http://localhost:3000/d/talkgauge-slo'],
      ['Query', 'http://localhost:9090/graph?g0.expr=up'],
      [
        'Silence',
        'http://alerts.example.com/#/silences/new?filter=%7Balertname%3d%22LiveKitAgentTurnLatencyBudgetBurn%22' +
          '%2Cagent_name%3d%22front%20desk%22%2Cseverity%3d%22critical%22%7D',
      ],
      ['All alerts', 'http://alerts.example.com/#/alerts?receiver=page'],
    ]);
  });

  test.each([
    [
      'talkgauge.slack',
      'text',
      10,
      /^\*Resolved: /gm,
      '23 alerts in all: <http://alerts.example.com/#/alerts?receiver=page|see Alertmanager>',
    ],
    ['talkgauge.email', 'html', 50, /<b>Resolved: /g, '<p>57 alerts in all.</p>'],
  ] as const)(
    '%s of a large incident with the first alerts and the total number',
    (name, type, most, each, rest) => {
      const all = Number.parseInt(/\d+/.exec(rest)?.[0] ?? '', 10);
      const text = render(name, type, { ...data, alerts: Array.from({ length: all }, () => data.alerts[0]) });
      expect(text.match(each)?.length).toBe(most);
      expect(text).toContain(rest);
      expect(render(name, type)).not.toContain('alerts in all');
    },
  );

  test('a subject on one line', () => {
    expect(render('talkgauge.title', 'text')).toBe(
      'RESOLVED critical: LiveKitAgentTurnLatencyBudgetBurn, front desk',
    );
  });

  test('the color of resolved alerts', () => {
    expect(render('talkgauge.color', 'text')).toBe('good');
  });
});
