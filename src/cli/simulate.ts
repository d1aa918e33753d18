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
    .addOption(option('--calls <n>', 'end after this many calls', 'CALLS').argParser(number))
    .addOption(option('--once', 'end after the showcase calls, which cover every feature once', 'ONCE'))
    .addOption(option('--duration <seconds>', 'end after this many seconds', 'DURATION').argParser(number))
    .addOption(option('--rate <n>', 'calls per minute (default: 12)', 'RATE').argParser(number))
    .addOption(
      option('--concurrency <n>', 'maximum number of concurrent calls (default: 6)', 'CONCURRENCY').argParser(
        number,
      ),
    )
    .addOption(
      option(
        '--speed <x>',
        'speed of the callers relative to real time; model latencies do not change (default: 1)',
        'SPEED',
      ).argParser(number),
    )
    .addOption(
      option(
        '--incident <name>',
        `incidents to start with, separated by commas: ${incidentNames.join(', ')}`,
        'INCIDENT',
      ).argParser(incident),
    )
    .option('--port <n>', 'port of /metrics; 0 picks a free one (default: TALKGAUGE_PORT, or 9464)', number)
    .addOption(
      option(
        '--control-port <n>',
        'port of the API that switches incidents (default: 9466)',
        'CONTROL_PORT',
      ).argParser(number),
    )
    .addOption(
      option('--gateway-port <n>', 'port of the gateway; if it is in use, a free one', 'GATEWAY_PORT')
        .default(9465)
        .argParser(number),
    )
    .addOption(
      option(
        '--no-gateway',
        'do not start a gateway; setting LIVEKIT_OBSERVABILITY_URL has the same effect',
        'NO_GATEWAY',
      ),
    )
    .addOption(
      option(
        '--data <directory>',
        'directory that keeps the sessions and reports (default: a temporary one)',
        'DATA',
      ),
    )
    .addOption(
      option(
        '--key-file <file>',
        'file with the API key for uploads, to share it with another gateway; generated if it does not exist',
        'KEY_FILE',
      ),
    )
    .option('--prices <file>', 'price file that overrides the built-in prices (default: TALKGAUGE_PRICES)')
    .addOption(option('--log <file>', 'file for the logs of the SDK and the calls', 'LOG'))
    .addOption(
      option('--oracle <directory>', 'directory for the events that each call emitted, for tests', 'ORACLE'),
    )
    .option('--metrics <file>', 'file for the final metrics')
    .option('--quiet', 'print only the addresses and the summary')
    .option('--json', 'print status as JSON lines')
    .action(async (flags: Flags) => {
      // The SDK is loaded for this command only.
      const { simulate } = await import('../simulate/simulate.ts');
      const { incident: incidents, once, quiet, json, gateway, gatewayPort, ...options } = flags;
      process.exitCode = await simulate({
        ...options,
        // With a receiver of the user's own, the calls are uploaded there.
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
      // With --json, standard output has nothing but JSON.
      const people = json ? stderr : stdout;
      if (data !== undefined && existsSync(join(data, 'sessions'))) people.write(`\n${reopenHint(data)}\n`);
      // Handles that the SDK left open must not keep a finished run alive.
      process.exit();
    });

  command
    .command('incident')
    .description('switch an incident of a running simulation on or off')
    .argument('<name>', incidentNames.join(', '))
    .argument('<state>', 'on or off')
    .option('--control <url>', 'URL of the API that switches incidents', 'http://127.0.0.1:9466')
    .action(switchIncident);

  command
    .command('history')
    .description('write the history of a fleet, with a slow model and a bad release, as Prometheus blocks')
    .requiredOption('--out <directory>', 'directory for the blocks')
    .option('--days <n>', 'length of the history in days', number, 30)
    .option('--workers <n>', 'number of workers', number, 50)
    .option('--promtool <command>', 'the promtool command', 'promtool')
    .action(writeHistory);
}

/** The command that opens the stored sessions. A gateway does not start without a key; reading needs none. */
const reopenHint = (data: string): string =>
  `The sessions are stored; to open them again, run: LIVEKIT_API_KEY=any LIVEKIT_API_SECRET=any node ${quoted(relative('', argv[1] ?? ''))} gateway --data ${quoted(data)}`;

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
    throw new Error(`no simulation answers at ${control}; its screen shows the URL for --control`);
  });
  const answer = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `the simulation answered ${response.status}`);
  stdout.write(`${name} is ${state}\n`);
}
