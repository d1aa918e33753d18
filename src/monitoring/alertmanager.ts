import { existsSync, readFileSync } from 'node:fs';
import { packagePath } from '../package.ts';
import type { Settings } from './settings.ts';

/** Which alerts another one inhibits. */
interface InhibitRule {
  /** Why, in whole sentences; a line each. */
  comment: readonly string[];
  source: readonly string[];
  target: readonly string[];
  /** Labels that both have alike; those of the user's own are added. */
  equal: readonly string[];
}

/**
 * A label that two alerts both lack counts as equal. So a rule that compares a label asks that its source has it, or compares all
 * labels that identify the cause. An instance is compared with its job: two jobs may give one name to their targets on a host.
 */
const inhibitRules: readonly InhibitRule[] = [
  {
    comment: ['A page replaces tickets of the same alert and cause.'],
    source: ['severity="critical"'],
    target: ['severity=~"warning|info"'],
    equal: [
      'alertname',
      'agent_name',
      'agent_version',
      'component',
      'model_provider',
      'model_name',
      'tool',
      'job',
      'instance',
    ],
  },
  {
    comment: ['A provider that fails is slow, too.'],
    source: ['alertname="LiveKitAgentProviderErrors"', 'component!=""', 'model_provider!=""'],
    target: ['alertname="LiveKitAgentModelLatencyRegression"'],
    equal: ['component', 'model_provider'],
  },
  {
    comment: [
      'An agent that burns its budget of slow turns is slower than before: the burn is the news. That a new version of it is',
      'the slow one (LiveKitAgentNewVersionSlower) says why, and stays.',
    ],
    source: ['alertname="LiveKitAgentTurnLatencyBudgetBurn"', 'agent_name!=""'],
    target: ['alertname=~"LiveKitAgentTurnLatencyRegression|LiveKitAgentTurnLatencyAboveLastWeek"'],
    equal: ['agent_name'],
  },
  {
    comment: ['A worker that is down: what its last metrics say of it is old.'],
    source: ['alertname="TalkgaugeWorkerDown"', 'instance!=""'],
    target: ['alertname=~"LiveKitWorker.+"'],
    equal: ['job', 'instance'],
  },
  {
    comment: ['Likewise a gateway.'],
    source: ['alertname="TalkgaugeGatewayDown"', 'instance!=""'],
    target: ['alertname=~"TalkgaugeGatewayRefusing|TalkgaugeGatewayNotForwarding"'],
    equal: ['job', 'instance'],
  },
  {
    comment: [
      'No metrics of an agent: what is said of it and its workers comes from what is left in longer windows. Which workers are',
      'down is what one wants to know.',
    ],
    source: ['alertname="TalkgaugeMetricsAbsent"', 'agent_name!=""'],
    target: ['alertname=~"LiveKitAgent.+|LiveKitWorker.+|TalkgaugeInvalidSamples|TalkgaugeSamplesDropped"'],
    equal: ['agent_name'],
  },
  {
    comment: ['A fleet that refuses calls gets none.'],
    source: ['alertname="LiveKitWorkerSaturated"', 'severity="critical"', 'agent_name!=""'],
    target: ['alertname="LiveKitAgentCallsStopped"'],
    equal: ['agent_name'],
  },
  {
    comment: ['A page about the fleet replaces tickets about its workers.'],
    source: ['alertname="LiveKitWorkerSaturated"', 'severity="critical"', 'agent_name!=""'],
    target: ['alertname="LiveKitWorkerSaturated"', 'severity="warning"'],
    equal: ['agent_name'],
  },
];

const list = (items: readonly string[]): string => `[${items.join(', ')}]`;

const inhibition = ({ comment, source, target, equal }: InhibitRule, labels: readonly string[]): string =>
  [
    ...comment.map((line) => `  # ${line}`),
    `  - source_matchers: ${list(source)}`,
    `    target_matchers: ${list(target)}`,
    `    equal: ${list([...equal, ...labels.filter((label) => !equal.includes(label))])}`,
  ].join('\n');

/** Alertmanager's configuration: routes and inhibition, which compare the user's own labels, and receivers to switch on. */
export const alertmanagerConfig = ({
  labels,
}: Settings): string => `# Generated from src/monitoring/alertmanager.ts; \`talkgauge generate\` writes it anew, so make changes in a copy.
# Which alert goes to which receiver, and which alerts others inhibit. Paths are relative to this file.
# Alertmanager reads no environment variables: secrets are files in secrets/alertmanager/, which it sees as /run/secrets.
# To have a receiver, take the comment signs off its block below (docs/stack.md#alert-receivers) in a copy, and name the copy in
# .env as ALERTMANAGER_CONFIG. Without a receiver, alerts show in Alertmanager and Grafana only.

# global:
#   smtp_smarthost: smtp.example.com:587
#   smtp_from: talkgauge@example.com
#   smtp_auth_username: talkgauge@example.com
#   smtp_auth_password_file: /run/secrets/smtp-password

templates: [templates/*.tmpl]

route:
  # One message for an alert of an agent, however many windows, models or tools of it are concerned.
  group_by: ${list(['alertname', 'agent_name', ...labels])}
  # Longer than an evaluation and a scrape: what would inhibit an alert is there before its message goes out.
  group_wait: 45s
  group_interval: 5m
  repeat_interval: 4h
  # Also for alerts of yours without a severity.
  receiver: ticket
  routes:
    - matchers: [severity="critical"]
      receiver: page
    # It always fires: a service that expects it every minute notices when Prometheus or Alertmanager has failed.
    - matchers: [alertname="TalkgaugeWatchdog"]
      receiver: watchdog
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
    - matchers: [severity="info"]
      receiver: quiet
    - matchers: [severity="warning"]
      receiver: ticket
      group_wait: 2m
      group_interval: 15m
      repeat_interval: 24h

receivers:
  # Somebody should look now.
  - name: page
    # slack_configs:
    #   - api_url_file: /run/secrets/slack-webhook-url
    #     send_resolved: true
    #     color: '{{ template "talkgauge.color" . }}'
    #     title: '{{ template "talkgauge.title" . }}'
    #     title_link: '{{ template "talkgauge.alerts" . }}'
    #     text: '{{ template "talkgauge.slack" . }}'
    #     fallback: '{{ template "talkgauge.title" . }}'
    # email_configs:
    #   - to: oncall@example.com
    #     send_resolved: true
    #     headers: {Subject: '{{ template "talkgauge.title" . }}'}
    #     html: '{{ template "talkgauge.email" . }}'
    # webhook_configs:
    #   - url_file: /run/secrets/page-webhook-url
    #     send_resolved: true
  # Somebody should look this week.
  - name: ticket
    # slack_configs:
    #   - api_url_file: /run/secrets/slack-webhook-url
    #     send_resolved: true
    #     color: '{{ template "talkgauge.color" . }}'
    #     title: '{{ template "talkgauge.title" . }}'
    #     title_link: '{{ template "talkgauge.alerts" . }}'
    #     text: '{{ template "talkgauge.slack" . }}'
    #     fallback: '{{ template "talkgauge.title" . }}'
    # email_configs:
    #   - to: team@example.com
    #     send_resolved: true
    #     headers: {Subject: '{{ template "talkgauge.title" . }}'}
    #     html: '{{ template "talkgauge.email" . }}'
    # webhook_configs:
    #   - url_file: /run/secrets/ticket-webhook-url
    #     send_resolved: true
  # A dead man's switch (docs/runbooks/TalkgaugeWatchdog.md): a service that notifies you when no message comes.
  - name: watchdog
    # webhook_configs:
    #   - url_file: /run/secrets/watchdog-webhook-url
    #     send_resolved: false
  # Shown in Alertmanager and Grafana, and sent to nobody.
  - name: quiet

# A label that two alerts both lack counts as equal. So a rule that compares a label asks that its source has it, or
# compares all labels that identify the cause. Labels of your own (\`talkgauge generate --labels region\`) are in each \`equal\`
# and in \`group_by\`: one region must not silence another.
inhibit_rules:
${inhibitRules.map((rule) => inhibition(rule, labels)).join('\n\n')}

  # On purpose not here: LiveKitAgentJobsCrashing does not silence LiveKitAgentSessionFailureBudgetBurn. Crashes are one
  # cause of failed sessions; the page is about the callers, whatever the cause.
  # Nor does LiveKitNetworkDegraded silence what is slow. It is about a node of LiveKit's server, and no label of it says which
  # agents' calls go through that node. A tool, a model or a TTS is not slower because audio packets are lost.
`;

/** The templates of messages that the receivers name, as they are published; none where there is no such file. */
export function messageTemplates(): { path: string; content: string }[] {
  const path = 'prometheus/templates/talkgauge.tmpl';
  const file = packagePath(path);
  return existsSync(file) ? [{ path, content: readFileSync(file, 'utf8') }] : [];
}
