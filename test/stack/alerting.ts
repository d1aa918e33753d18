import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { eventually, freePort, startServer } from './programs.ts';
import { read, root, withExamplesEnabled } from './repository.ts';

export type Labels = { alertname: string } & Record<string, string>;

/** A message that reaches a receiver by webhook or by a mock of Slack. */
export interface Message {
  /** `page`, `ticket` or `quiet`. */
  receiver: string;
  via: 'webhook' | 'slack';
  body: {
    alerts?: { labels: Labels }[];
    attachments?: { title: string; title_link: string; text: string; color: string; fallback: string }[];
  };
}

interface Notifier {
  api_url_file?: string;
  api_url?: string;
  url_file?: string;
  url?: string;
}
interface Route {
  group_wait?: string;
  group_interval?: string;
}
interface Config {
  global?: object;
  templates: string[];
  route: Route & { routes: Route[] };
  receivers: {
    name: string;
    slack_configs?: Notifier[];
    email_configs?: object[];
    webhook_configs?: Notifier[];
  }[];
}

/** A configuration of Alertmanager with its receivers enabled and pointed to `url`. */
function testConfiguration(
  url: string,
  { configuration = read('prometheus/alertmanager.yml'), groupWait, groupInterval }: AlertingOptions,
): string {
  const config = parse(withExamplesEnabled(configuration)) as Config;
  delete config.global;
  config.templates = [join(root, 'prometheus/templates/*.tmpl')];
  for (const route of [config.route, ...config.route.routes]) {
    if (groupWait && route.group_wait) route.group_wait = groupWait;
    if (groupInterval && route.group_interval) route.group_interval = groupInterval;
  }
  for (const receiver of config.receivers) {
    delete receiver.email_configs;
    for (const slack of receiver.slack_configs ?? []) {
      delete slack.api_url_file;
      slack.api_url = `${url}/${receiver.name}/slack`;
    }
    for (const webhook of receiver.webhook_configs ?? []) {
      delete webhook.url_file;
      webhook.url = `${url}/${receiver.name}/webhook`;
    }
  }
  return stringify(config);
}

interface AlertingOptions {
  /** The configuration of Alertmanager. @default the repository's */
  configuration?: string;
  /** `group_wait`. @default as configured */
  groupWait?: string;
  /** `group_interval`. @default as configured */
  groupInterval?: string;
}

/** An Alertmanager with the repository's routes, inhibition rules and templates, and a receiver of its messages. */
export async function startAlerting(command: string, options: AlertingOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'alerting-'));
  const messages: Message[] = [];
  const taker = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const [, receiver = '', via] = (request.url ?? '').split('/');
      messages.push({ receiver, via: via as Message['via'], body: JSON.parse(text) });
      response.end('ok');
    });
  }).listen(0, '127.0.0.1');
  await once(taker, 'listening');
  const config = join(directory, 'alertmanager.yml');
  writeFileSync(
    config,
    testConfiguration(`http://127.0.0.1:${(taker.address() as AddressInfo).port}`, options),
  );
  const port = await freePort();
  const server = await startServer(
    command,
    [
      `--config.file=${config}`,
      `--storage.path=${join(directory, 'data')}`,
      '--cluster.listen-address=',
      '--web.external-url=http://alerts.example.com',
      '--web.route-prefix=/',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    port,
  );
  async function fire(...alerts: { labels: Labels; annotations?: object; generatorURL?: string }[]) {
    const response = await fetch(`${server.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    if (!response.ok) throw new Error(await response.text());
  }
  /** Each alert, and the names of those that inhibit it. */
  async function inhibitions(): Promise<[labels: Labels, by: string[]][]> {
    const response = await fetch(`${server.url}/api/v2/alerts`);
    const alerts = (await response.json()) as {
      labels: Labels;
      fingerprint: string;
      status: { inhibitedBy: string[] };
    }[];
    const names = new Map(alerts.map(({ fingerprint, labels }) => [fingerprint, labels.alertname]));
    return alerts.map(({ labels, status }) => [labels, status.inhibitedBy.map((id) => names.get(id) ?? id)]);
  }
  return {
    url: server.url,
    messages,
    fire,
    inhibitions,
    /**
     * Waits until Alertmanager's inhibitor has processed all alerts that were fired before: it does so in their order, some time
     * after it has accepted them.
     */
    async inhibitorIsUpToDate() {
      const instance = 'last:9465';
      await fire({ labels: { alertname: 'TalkgaugeGatewayNotForwarding', severity: 'warning', instance } });
      await fire({ labels: { alertname: 'TalkgaugeGatewayDown', severity: 'warning', instance } });
      await eventually(
        async () =>
          (await inhibitions()).some(([labels, by]) => labels.instance === instance && by.length > 0) ||
          undefined,
        'the inhibitor',
        60_000,
      );
    },
    async stop() {
      await server.stop();
      taker.closeAllConnections();
      await new Promise((resolve) => taker.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

export type Alerting = Awaited<ReturnType<typeof startAlerting>>;
