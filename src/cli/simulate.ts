import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv, env, stderr, stdin, stdout } from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type IncidentName, incidentNames, isIncident } from '../simulate/incidents.ts';
import type { SimulateOptions } from '../simulate/options.ts';
import { withFlagNames } from './flags.ts';

interface Flags extends Omit<SimulateOptions, 'incidents'> {
  incident?: IncidentName[];
  metrics?: string;
  once?: boolean;
  quiet?: boolean;
  json?: boolean;
  gateway?: boolean;
}

interface HistoryFlags {
  out: string;
  days: number;
  workers: number;
  promtool: string;
}

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It takes a number.');
  return value;
};

/** `a,b` and `--incident a --incident b` alike. */
const incident = (text: string, before: IncidentName[] = []): IncidentName[] => {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isIncident(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Choose from ${incidentNames.join(', ')}.`);
  return [...before, ...(names as IncidentName[])];
};

const option = (flags: string, description: string, variable: string) =>
  new Option(flags, description).env(`TALKGAUGE_SIMULATE_${variable}`);

/** Adds `talkgauge simulate` and `talkgauge simulate incident NAME on|off`. */
export function addSimulate(program: Command): void {
  const command = program
    .command('simulate')
    .description('run a simulated call centre: real workers, jobs and sessions, with simulated models')
    .addOption(
      option('--seed <n>', 'the same seed gives the same calls (default: 1)', 'SEED').argParser(number),
    )
    .addOption(option('--calls <n>', 'end after so many calls', 'CALLS').argParser(number))
    .addOption(option('--once', 'end after the first calls, which show everything once', 'ONCE'))
    .addOption(option('--duration <seconds>', 'end after so many seconds', 'DURATION').argParser(number))
    .addOption(option('--rate <n>', 'calls per minute (default: 12)', 'RATE').argParser(number))
    .addOption(
      option('--concurrency <n>', 'calls at a time, at most (default: 6)', 'CONCURRENCY').argParser(number),
    )
    .addOption(
      option(
        '--speed <x>',
        'how many times faster people talk; models stay as they are (default: 1)',
        'SPEED',
      ).argParser(number),
    )
    .addOption(
      option(
        '--incident <name>',
        `start with an incident, or with several: ${incidentNames.join(', ')}`,
        'INCIDENT',
      ).argParser(incident),
    )
    .option('--port <n>', 'port of /metrics; 0 takes a free one (default: TALKGAUGE_PORT, or 9464)', number)
    .addOption(
      option('--control-port <n>', 'port of the incident switches (default: 9466)', 'CONTROL_PORT').argParser(
        number,
      ),
    )
    .addOption(
      option('--gateway-port <n>', 'port of the sessions, or a free one if it is taken', 'GATEWAY_PORT')
        .default(9465)
        .argParser(number),
    )
    .addOption(
      option(
        '--no-gateway',
        'do not record the calls in a gateway of its own; LIVEKIT_OBSERVABILITY_URL, if set, also switches it off',
        'NO_GATEWAY',
      ),
    )
    .addOption(
      option(
        '--data <directory>',
        'keep the sessions and their reports there (default: deleted at the end)',
        'DATA',
      ),
    )
    .addOption(
      option(
        '--key-file <file>',
        'keep the API key that calls are uploaded with there, for another gateway; it is drawn if the file is not there',
        'KEY_FILE',
      ),
    )
    .option(
      '--prices <file>',
      'price file, which goes before the built-in prices (default: TALKGAUGE_PRICES)',
    )
    .addOption(option('--log <file>', 'keep what the SDK and the calls log', 'LOG'))
    .addOption(
      option('--oracle <directory>', 'let each call write down what it emitted, for tests', 'ORACLE'),
    )
    .option('--metrics <file>', 'write what /metrics would show at the end')
    .option('--quiet', 'show the addresses and the summary only')
    .option('--json', 'show a line of JSON now and then instead')
    .action(async (flags: Flags) => {
      // The SDK is loaded for this command only.
      const { simulate } = await import('../simulate/simulate.ts');
      const { incident: incidents, once, quiet, json, gateway, gatewayPort, ...options } = flags;
      process.exitCode = await simulate({
        ...options,
        // Who has a receiver of his own wants the calls there.
        gatewayPort: gateway && !env.LIVEKIT_OBSERVABILITY_URL ? gatewayPort : undefined,
        incidents,
        once,
        format: quiet ? 'quiet' : json ? 'json' : undefined,
        input: stdin,
        output: stdout,
        errors: stderr,
        formatMessage: withFlagNames,
      });
      const { data } = options;
      // Standard output is for the machine then.
      const people = json ? stderr : stdout;
      if (data !== undefined && existsSync(join(data, 'sessions'))) people.write(`\n${reopening(data)}\n`);
      // Whatever the SDK still has open must not keep a finished run alive.
      process.exit();
    });

  command
    .command('incident')
    .description('switch an incident of a running call centre')
    .argument('<name>', incidentNames.join(', '))
    .argument('<state>', 'on or off')
    .option('--control <url>', 'where its switches are', 'http://127.0.0.1:9466')
    .action(switchIncident);

  command
    .command('history')
    .description(
      'write the past of a fleet, with a slow model and a bad release in it, as blocks for Prometheus',
    )
    .requiredOption('--out <directory>', 'where the blocks are written')
    .option('--days <n>', 'how long it is', number, 30)
    .option('--workers <n>', 'how many workers there were', number, 50)
    .option('--promtool <command>', 'comes with Prometheus', 'promtool')
    .action(writeHistory);
}

/** How the sessions that were kept are opened again; a gateway does not start without a key, and reading needs none. */
const reopening = (data: string): string =>
  `The sessions are kept; this opens them again: LIVEKIT_API_KEY=any LIVEKIT_API_SECRET=any node ${quoted(relative('', argv[1] ?? ''))} gateway --data ${quoted(data)}`;

/** For a shell. */
const quoted = (text: string): string =>
  /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

async function writeHistory({ out, days, workers, promtool }: HistoryFlags): Promise<void> {
  const { createHistory } = await import('../simulate/history/history.ts');
  const { writeBlocks } = await import('../simulate/history/history.ts');
  const history = createHistory({ end: Math.floor(Date.now() / 1000), days, workers });
  await writeBlocks(history, out, promtool, (done) => stderr.write(`${Math.round(100 * done)} %\n`));
  stdout.write(
    `Start Prometheus with --storage.tsdb.path=${out} --storage.tsdb.retention.time=${days + 30}d\n`,
  );
}

async function switchIncident(name: string, state: string, { control }: { control: string }): Promise<void> {
  if (state !== 'on' && state !== 'off') throw new Error(`${state} is neither on nor off`);
  const url = new URL(`/incidents/${encodeURIComponent(name)}?on=${state === 'on'}`, control);
  const response = await fetch(url, { method: 'POST' }).catch(() => {
    throw new Error(`no call centre answers at ${control}; its screen shows the address for --control`);
  });
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `the call centre answered ${response.status}`);
  stdout.write(`${name} is ${state}\n`);
}
