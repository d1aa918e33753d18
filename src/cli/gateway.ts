import { resolve } from 'node:path';
import { stdout } from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ServeError } from '../http/address.ts';
import { withFlagNames } from './flags.ts';
import type { GatewayFlags } from './gateway-options.ts';

const variable = (name: string) => `TALKGAUGE_GATEWAY_${name}`;

/** An option with its environment variable. One that is empty, as Compose hands on what is not set, is none. */
function option(flags: string, description: string, name: string): Option {
  const added = new Option(flags, description);
  const value = process.env[variable(name)];
  // For a switch, commander looks only whether there is one.
  const off = added.isBoolean() && value !== undefined && !/^(1|true|yes|on)$/i.test(value);
  return value === '' || off ? added : added.env(variable(name));
}

const number =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It takes a number from ${min} on.`);
    }
    return value;
  };

const url = (text: string): string => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('It takes an http(s) URL.');
  return text;
};

/** Adds `talkgauge gateway`. */
export function addGateway(program: Command): void {
  program
    .command('gateway')
    .description("receive what LiveKit's SDKs upload of each session, keep it, and forward it")
    .addOption(option('--host <address>', 'where it listens', 'HOST').default('127.0.0.1'))
    .addOption(
      option('--port <n>', 'port; 0 takes a free one', 'PORT').default(9465).argParser(number(0, 65535)),
    )
    .addOption(option('--data <directory>', 'where sessions are kept', 'DATA').default('talkgauge-data'))
    .addOption(
      option(
        '--keys <files>',
        'API keys of agents, "key: secret" in each line (or LIVEKIT_API_KEY and …_SECRET); several files with commas',
        'KEYS',
      ).argParser((text) => text.split(',').map((file) => file.trim())),
    )
    .addOption(option('--token-file <file>', 'file with the token that readers need', 'TOKEN_FILE'))
    .addOption(
      option(
        '--generate-token',
        'draw the token at the first start, into the data directory',
        'GENERATE_TOKEN',
      ),
    )
    .addOption(
      option('--proxy-header <name>', 'header in which a proxy names who it has let in', 'PROXY_HEADER'),
    )
    .addOption(option('--proxy-from <addresses>', 'where that proxy is, such as 10.0.0.0/8', 'PROXY_FROM'))
    .addOption(
      option(
        '--proxy-hosts <names>',
        'names by which it reaches the gateway; others are refused',
        'PROXY_HOSTS',
      ),
    )
    .addOption(
      option(
        '--insecure',
        'take plain HTTP and short API secrets beyond this machine: nobody else can read this network',
        'INSECURE',
      ),
    )
    .addOption(
      option(
        '--published <address>',
        "the machine's address on which a container's port is published (default: that of --host)",
        'PUBLISHED',
      ),
    )
    .addOption(option('--open-metrics', 'let /metrics be read without a login', 'OPEN_METRICS'))
    .addOption(
      option(
        '--tempo <url>',
        'forward traces to its OTLP port, such as http://tempo:4318',
        'TEMPO',
      ).argParser(url),
    )
    .addOption(option('--loki <url>', 'forward logs, such as http://loki:3100', 'LOKI').argParser(url))
    .addOption(
      option(
        '--prometheus <url>',
        "forward the SDK's own metrics, such as http://prometheus:9090",
        'PROMETHEUS',
      ).argParser(url),
    )
    .addOption(
      option(
        '--forward-headers <pairs>',
        'headers for all of those, as name=value,name=value; for one of them: TALKGAUGE_GATEWAY_TEMPO_HEADERS, …_LOKI_…, …_PROMETHEUS_…',
        'FORWARD_HEADERS',
      ),
    )
    .addOption(
      option(
        '--forward-headers-file <file>',
        'YAML file with the headers for each of those',
        'FORWARD_HEADERS_FILE',
      ),
    )
    .addOption(
      option(
        '--forward-exported',
        'hand on, too, what jobs with Talkgauge in them send to a backend of their own',
        'FORWARD_EXPORTED',
      ),
    )
    .addOption(
      option('--livekit-cloud <url>', 'pass uploads on to LiveKit Cloud, too', 'LIVEKIT_CLOUD').argParser(
        url,
      ),
    )
    .addOption(option('--grafana <url>', 'where Grafana is, for links to traces', 'GRAFANA').argParser(url))
    .addOption(
      option('--retention-days <n>', 'remove sessions after so many days', 'RETENTION_DAYS').argParser(
        number(0),
      ),
    )
    .addOption(
      option('--retention-gb <n>', 'remove the oldest beyond so many gigabytes', 'RETENTION_GB').argParser(
        number(0),
      ),
    )
    .addOption(
      option('--spool-mb <n>', 'what may wait to be taken up', 'SPOOL_MB').default(2048).argParser(number(1)),
    )
    .addOption(
      option('--forward-mb <n>', 'what may wait for each backend', 'FORWARD_MB')
        .default(256)
        .argParser(number(1)),
    )
    .addOption(
      option(
        '--dead-letter-mb <n>',
        'what is kept, for a week, of what could not be read or forwarded; 0: nothing',
        'DEAD_LETTER_MB',
      )
        .default(64)
        .argParser(number(0)),
    )
    .addOption(
      option('--min-free-mb <n>', 'what stays free on the disk', 'MIN_FREE_MB')
        .default(256)
        .argParser(number(0)),
    )
    .addOption(
      option('--max-audio-mb <n>', 'the largest recording', 'MAX_AUDIO_MB').default(480).argParser(number(1)),
    )
    .addOption(
      option('--max-uploads <n>', 'uploads a minute with one API key', 'MAX_UPLOADS')
        .default(30_000)
        .argParser(number(1)),
    )
    .addOption(
      option('--sync <which>', 'uploads that have to be on the disk before they are answered', 'SYNC')
        .choices(['always', 'recordings', 'never'])
        .default('recordings'),
    )
    .addOption(
      option(
        '--s3-endpoint <url>',
        'move sessions that are over into a bucket there',
        'S3_ENDPOINT',
      ).argParser(url),
    )
    .addOption(
      option(
        '--s3-bucket <name>',
        'that bucket; its keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
        'S3_BUCKET',
      ),
    )
    .addOption(option('--s3-region <name>', 'its region', 'S3_REGION').default('us-east-1'))
    .addOption(
      option('--s3-prefix <text>', 'what all keys in it begin with, such as talkgauge/', 'S3_PREFIX'),
    )
    .addOption(
      option('--keep-redacted-audio', 'keep the audio of sessions that are redacted', 'KEEP_REDACTED_AUDIO'),
    )
    .addOption(
      option(
        '--max-label-values <n>',
        'values of a label, of which further ones become "other"',
        'MAX_LABEL_VALUES',
      )
        .default(200)
        .argParser(number(1)),
    )
    .addOption(
      option('--max-series <n>', "the sessions' series, of which further ones are dropped", 'MAX_SERIES')
        .default(20_000)
        .argParser(number(1)),
    )
    .addOption(
      new Option('--prices <file>', 'price file, which goes before the built-in prices').env(
        'TALKGAUGE_PRICES',
      ),
    )
    .action(run);
}

function retentionOf({ retentionDays, retentionGb }: GatewayFlags): string {
  const limits = [
    retentionDays ? [`${retentionDays} day${retentionDays === 1 ? '' : 's'}`] : [],
    retentionGb ? [`up to ${retentionGb} GB`] : [],
  ].flat();
  return limits.length > 0
    ? `${limits.join(', ')}; the oldest sessions go first`
    : 'for ever; --retention-days and --retention-gb limit it';
}

async function run(flags: GatewayFlags, command: Command): Promise<void> {
  if (command.getOptionValueSource('forwardHeaders') === 'cli') {
    console.error(
      'The headers of --forward-headers can be read by anybody on this machine who lists its processes: set ' +
        'TALKGAUGE_GATEWAY_TEMPO_HEADERS, …_LOKI_HEADERS and …_PROMETHEUS_HEADERS instead, or use --forward-headers-file.',
    );
  }
  const { gatewayOptions } = await import('./gateway-options.ts');
  const { startGateway } = await import('../gateway/gateway.ts');
  const options = await gatewayOptions(flags, process.env, (line) => console.error(line));
  const gateway = await startGateway(options).catch((error) => {
    throw error instanceof ServeError ? new Error(withFlagNames(error.message)) : error;
  });
  stdout.write(`LIVEKIT_OBSERVABILITY_URL=${gateway.url}\n`);
  console.error(`Page:      ${gateway.url}`);
  console.error(`Directory: ${resolve(options.directory)}`);
  console.error(`Kept:      ${retentionOf(flags)}`);
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second one does not wait.
      if (ending) process.exit(130);
      ending = true;
      void gateway.close().then(() => process.exit(0));
    });
  }
}
