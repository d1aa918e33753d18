import { createReadStream } from 'node:fs';
import { stdin, stdout } from 'node:process';
import { type Command, Option } from 'commander';
import { replay } from '../livekit/replay.ts';
import { openPrices, pricesVariable } from '../pricing/open-prices.ts';
import { createRecorder } from '../record/recorder.ts';

interface Options {
  strict?: boolean;
  openmetrics?: boolean;
  agentName?: string;
  agentVersion?: string;
  prices?: string;
}

/** Adds `earshot replay FILE`. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('print the metrics that a recording of session events, or a session report, makes')
    .argument('<file>', 'as written by observe({ recordTo }), or a session report; - reads standard input')
    .option('--strict', 'exit with 1 if a line was skipped')
    .option('--openmetrics', 'print OpenMetrics 1.0 instead of the text format 0.0.4')
    .option('--agent-name <name>', 'the label agent_name (default: that of a report, else unknown)')
    .option('--agent-version <version>', 'the label agent_version (default: that of a report, else unknown)')
    .addOption(
      new Option('--prices <file>', 'price file, which goes before the built-in prices').env(pricesVariable),
    )
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const identityOf = ({ agentName = 'unknown', agentVersion = 'unknown' } = {}) => ({
    agent_name: options.agentName ?? agentName,
    agent_version: options.agentVersion ?? agentVersion,
  });
  const { derivation, states, close } = openPrices({ file: options.prices, option: '--prices' });
  close();
  const recorder = createRecorder({ identity: identityOf, derivation, states });
  const input = file === '-' ? stdin : createReadStream(file);
  const { skipped } = await replay({
    input,
    sink: (observation, about) => recorder.record(observation, identityOf(about)),
    onProblem: (line, problem) => console.error(`earshot replay: line ${line} skipped: ${problem}`),
  }).catch((error: Error) => {
    throw new Error(
      `Cannot read ${file}: ${error.message}. Give the path of a recording or a report, or - for standard input.`,
    );
  });
  stdout.write(await recorder.expose(options.openmetrics ? 'openmetrics' : 'text'));
  if (skipped > 0 && options.strict) process.exitCode = 1;
}
