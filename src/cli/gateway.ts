import { resolve } from 'node:path';
import { stdout } from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ServeError } from '../http/address.ts';
import { withFlagNames } from './flags.ts';
import type { GatewayFlags } from './gateway-options.ts';

const variable = (name: string) => `TALKGAUGE_GATEWAY_${name}`;

/** An option with its environment variable. An empty variable counts as unset: Compose passes unset variables as empty. */
function option(flags: string, description: string, name: string): Option {
  const added = new Option(flags, description);
  const value = process.env[variable(name)];
  // For a boolean option, commander only checks whether the variable is set.
  const off = added.isBoolean() && value !== undefined && !/^(1|true|yes|on)$/i.test(value);
  return value === '' || off ? added : added.env(variable(name));
}

const number =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It takes a number of at least ${min}.`);
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
    .description("receive, store and forward what LiveKit's SDKs upload for each session")
    .addOption(option('--host <address>', 'address to listen on', 'HOST').default('127.0.0.1'))
    .addOption(
      option('--port <n>', 'port to listen on; 0 picks a free one', 'PORT')
        .default(9465)
        .argParser(number(0, 65535)),
    )
    .addOption(
      option('--data <directory>', 'directory that stores the sessions', 'DATA').default('talkgauge-data'),
    )
    .addOption(
      option(
        '--keys <files>',
        'files with the API keys of agents, one "key: secret" per line, separated by commas (default: LIVEKIT_API_KEY and LIVEKIT_API_SECRET)',
        'KEYS',
      ).argParser((text) => text.split(',').map((file) => file.trim())),
    )
    .addOption(option('--token-file <file>', 'file with the bearer token that readers need', 'TOKEN_FILE'))
    .addOption(
      option(
        '--generate-token',
        'generate the token at the first start and store it in the data directory',
        'GENERATE_TOKEN',
      ),
    )
    .addOption(
      option(
        '--proxy-header <name>',
        'header in which an authenticating proxy passes the user name',
        'PROXY_HEADER',
      ),
    )
    .addOption(
      option('--proxy-from <addresses>', 'addresses of that proxy, such as 10.0.0.0/8', 'PROXY_FROM'),
    )
    .addOption(
      option(
        '--proxy-hosts <names>',
        'host names that the proxy uses for the gateway; others are refused',
        'PROXY_HOSTS',
      ),
    )
    .addOption(
      option(
        '--insecure',
        'allow plain HTTP and short API secrets beyond this machine, for a trusted network',
        'INSECURE',
      ),
    )
    .addOption(
      option(
        '--published <address>',
        "address of the machine on which the container's port is published (default: the value of --host)",
        'PUBLISHED',
      ),
    )
    .addOption(option('--open-metrics', 'serve /metrics without authentication', 'OPEN_METRICS'))
    .addOption(
      option(
        '--tempo <url>',
        'forward traces to this OTLP endpoint, such as http://tempo:4318',
        'TEMPO',
      ).argParser(url),
    )
    .addOption(
      option('--loki <url>', 'forward logs to this Loki, such as http://loki:3100', 'LOKI').argParser(url),
    )
    .addOption(
      option(
        '--prometheus <url>',
        "forward the SDK's own metrics to this Prometheus, such as http://prometheus:9090",
        'PROMETHEUS',
      ).argParser(url),
    )
    .addOption(
      option(
        '--forward-headers <pairs>',
        'headers for all destinations, as name=value,name=value; for a single one: TALKGAUGE_GATEWAY_TEMPO_HEADERS, …_LOKI_HEADERS, …_PROMETHEUS_HEADERS',
        'FORWARD_HEADERS',
      ),
    )
    .addOption(
      option(
        '--forward-headers-file <file>',
        'YAML file with the headers for each destination',
        'FORWARD_HEADERS_FILE',
      ),
    )
    .addOption(
      option(
        '--forward-exported',
        'also forward what jobs that run Talkgauge export to their own backend',
        'FORWARD_EXPORTED',
      ),
    )
    .addOption(
      option('--livekit-cloud <url>', 'also forward uploads to LiveKit Cloud', 'LIVEKIT_CLOUD').argParser(
        url,
      ),
    )
    .addOption(option('--grafana <url>', 'URL of Grafana, for links to traces', 'GRAFANA').argParser(url))
    .addOption(
      option('--retention-days <n>', 'delete sessions after this many days', 'RETENTION_DAYS').argParser(
        number(0),
      ),
    )
    .addOption(
      option(
        '--retention-gb <n>',
        'delete the oldest sessions beyond this many gigabytes',
        'RETENTION_GB',
      ).argParser(number(0)),
    )
    .addOption(
      option('--spool-mb <n>', 'maximum size of uploads that wait to be processed', 'SPOOL_MB')
        .default(2048)
        .argParser(number(1)),
    )
    .addOption(
      option('--forward-mb <n>', 'maximum size of data that waits for each destination', 'FORWARD_MB')
        .default(256)
        .argParser(number(1)),
    )
    .addOption(
      option(
        '--dead-letter-mb <n>',
        'maximum size of data that could not be processed or forwarded, kept for a week; 0 keeps none',
        'DEAD_LETTER_MB',
      )
        .default(64)
        .argParser(number(0)),
    )
    .addOption(
      option('--min-free-mb <n>', 'disk space to leave free', 'MIN_FREE_MB')
        .default(256)
        .argParser(number(0)),
    )
    .addOption(
      option('--max-audio-mb <n>', 'maximum size of a recording', 'MAX_AUDIO_MB')
        .default(480)
        .argParser(number(1)),
    )
    .addOption(
      option('--max-uploads <n>', 'maximum number of uploads per minute and API key', 'MAX_UPLOADS')
        .default(30_000)
        .argParser(number(1)),
    )
    .addOption(
      option('--sync <which>', 'uploads that are synced to disk before they are acknowledged', 'SYNC')
        .choices(['always', 'recordings', 'never'])
        .default('recordings'),
    )
    .addOption(
      option('--s3-endpoint <url>', 'S3 endpoint to which ended sessions are moved', 'S3_ENDPOINT').argParser(
        url,
      ),
    )
    .addOption(
      option(
        '--s3-bucket <name>',
        'bucket for them; credentials are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
        'S3_BUCKET',
      ),
    )
    .addOption(option('--s3-region <name>', 'region of the bucket', 'S3_REGION').default('us-east-1'))
    .addOption(option('--s3-prefix <text>', 'prefix of all object keys, such as talkgauge/', 'S3_PREFIX'))
    .addOption(option('--keep-redacted-audio', 'keep the audio of redacted sessions', 'KEEP_REDACTED_AUDIO'))
    .addOption(
      option(
        '--max-label-values <n>',
        'maximum number of values per label; further values become "other"',
        'MAX_LABEL_VALUES',
      )
        .default(200)
        .argParser(number(1)),
    )
    .addOption(
      option(
        '--max-series <n>',
        'maximum number of series of sessions; further series are dropped',
        'MAX_SERIES',
      )
        .default(20_000)
        .argParser(number(1)),
    )
    .addOption(
      new Option('--prices <file>', 'price file that overrides the built-in prices').env('TALKGAUGE_PRICES'),
    )
    .action(run);
}

function retentionOf({ retentionDays, retentionGb }: GatewayFlags): string {
  const limits = [
    retentionDays ? [`${retentionDays} day${retentionDays === 1 ? '' : 's'}`] : [],
    retentionGb ? [`up to ${retentionGb} GB`] : [],
  ].flat();
  return limits.length > 0
    ? `${limits.join(', ')}; the oldest sessions are deleted first`
    : 'forever; limit it with --retention-days or --retention-gb';
}

async function run(flags: GatewayFlags, command: Command): Promise<void> {
  if (command.getOptionValueSource('forwardHeaders') === 'cli') {
    console.error(
      'Any user of this machine can read the headers of --forward-headers in its list of processes: set ' +
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
  console.error(`Retention: ${retentionOf(flags)}`);
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal ends the process at once.
      if (ending) process.exit(130);
      ending = true;
      void gateway.close().then(() => process.exit(0));
    });
  }
}
