import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stdout } from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ProfileName, profiles } from '../catalogue/objectives.ts';
import { write } from '../monitoring/artefacts.ts';
import { type AlertOverrides, settingsOf } from '../monitoring/settings.ts';

interface Flags {
  out: string;
  profile: ProfileName;
  objectives?: string;
  alerts?: string;
  disable?: string[];
  datasource?: string;
  logsDatasource?: string;
  tracesDatasource?: string;
  service?: string;
  gateway?: string;
  selector?: string[];
  agents?: string[];
  labels?: string[];
  recording: boolean;
  runbooks?: string;
  grafana?: string;
}

const commaSeparated = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** `job="voice",cluster=~"eu-.+"`: matchers as PromQL writes them. */
function selector(text: string): string[] {
  const matcher = /\s*[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"\s*/y;
  const found: string[] = [];
  while (matcher.lastIndex < text.length) {
    const match = matcher.exec(text)?.[0];
    if (match === undefined) throw new InvalidArgumentError('It takes matchers, such as job="voice".');
    found.push(match.trim());
    if (text[matcher.lastIndex] === ',') matcher.lastIndex++;
  }
  return found;
}

const labelNames = (text: string): string[] => {
  const names = commaSeparated(text);
  const wrong = names.find((name) => !/^[a-zA-Z_]\w*$/.test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`${wrong} is not a valid label name.`);
  return names;
};

const serviceName = (text: string): string => {
  if (/["\\`$]/.test(text))
    throw new InvalidArgumentError('It takes the name of a service, such as livekit-agents.');
  return text;
};

const url = (text: string): string => {
  if (!URL.canParse(text)) throw new InvalidArgumentError('It takes a URL.');
  return text.replace(/\/+$/, '');
};

/** Adds `talkgauge generate`. */
export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description(
      'write dashboards, recording rules, alerts and a configuration of Alertmanager, for your own objectives and filters',
    )
    .requiredOption('--out <directory>', 'directory for dashboards/, alerts/ and prometheus/')
    .addOption(
      new Option('--profile <name>', 'the set of objectives')
        .choices(Object.keys(profiles))
        .default('standard' satisfies ProfileName),
    )
    .option('--objectives <file>', 'YAML or JSON with objectives that differ from the profile')
    .option('--alerts <file>', 'YAML or JSON with alerts to disable, or to override: severity, for, labels')
    .option('--disable <names>', 'alerts to leave out, separated by commas', commaSeparated)
    .option('--datasource <uid>', "UID of Grafana's default Prometheus data source")
    .option('--logs-datasource <uid>', "UID of Grafana's default Loki data source")
    .option('--traces-datasource <uid>', "UID of Grafana's default Tempo data source")
    .option(
      '--service <name>',
      'the service.name of agents in their traces and logs (default: livekit-agents)',
      serviceName,
    )
    .option(
      '--gateway <url>',
      'URL of the gateway, for links to sessions (default: http://localhost:9465)',
      url,
    )
    .option('--selector <matchers>', 'label matchers for all series, such as job="voice"', selector)
    .option('--agents <names>', 'agents to include, separated by commas (default: all)', commaSeparated)
    .option(
      '--labels <names>',
      'additional labels to keep and to filter by, such as region,tenant',
      labelNames,
    )
    .option('--no-recording', 'generate dashboards without recording rules, which are slow over weeks')
    .option('--runbooks <url>', 'URL of your runbooks (default: the dashboard Runbooks)', url)
    .option('--grafana <url>', 'URL of Grafana, for links in alerts (default: http://localhost:3000)', url)
    .action(run);
}

async function run({
  out,
  profile,
  objectives,
  alerts,
  disable = [],
  agents,
  selector: own = [],
  recording,
  runbooks,
  ...chosen
}: Flags): Promise<void> {
  // Grafana's types are loaded for this command only.
  const { bundle } = await import('../monitoring/artefacts.ts');
  const settings = settingsOf(profile, {
    ...Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)),
    objectives: objectives === undefined ? profiles[profile] : await readObjectives(objectives, profile),
    selector: [...own, ...(agents ? [`agent_name=~"${agents.map(escaped).join('|')}"`] : [])],
    recorded: recording,
    alerts: await alertChoices(alerts, disable),
    runbooks: runbooks && `${runbooks}/`,
  });
  const files = bundle(settings);
  write(files, resolve(out));
  for (const { path } of files) stdout.write(`${path}\n`);
}

/** Reads a user's file. @throws Error that names the file and the problem */
function readAs<T>(what: string, file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`Cannot use the ${what} in ${file}: ${(error as Error).message}`);
  }
}

async function readObjectives(file: string, profile: ProfileName) {
  const { parseObjectives } = await import('../monitoring/settings.ts');
  return readAs('objectives', file, (text) => parseObjectives(text, profiles[profile]));
}

async function alertChoices(file: string | undefined, disable: readonly string[]): Promise<AlertOverrides> {
  const { parseAlertOverrides } = await import('../monitoring/settings.ts');
  const own = file === undefined ? undefined : readAs('alerts', file, parseAlertOverrides);
  return { override: own?.override ?? {}, disable: [...(own?.disable ?? []), ...disable] };
}

/** A name as part of a regular expression in a PromQL string. */
const escaped = (name: string): string =>
  name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&').replaceAll('"', '\\"');
