import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stdin, stdout } from 'node:process';
import { type Command, Option } from 'commander';
import type { ReplayOptions } from '../agent/livekit/replay.ts';

interface Options {
  strict?: boolean;
  openmetrics?: boolean;
  agentName?: string;
  agentVersion?: string;
  prices?: string;
}

/** Adds `talkgauge replay FILE …`. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('print the metrics of event logs or session reports; exits with 1 if a file cannot be used')
    .argument(
      '<files...>',
      'event logs that observe({ recordTo }) wrote, or session reports; a directory stands for its .jsonl and .json files; - reads standard input',
    )
    .option('--strict', 'exit with 1 if a line was skipped')
    .option('--openmetrics', 'print OpenMetrics 1.0 instead of the text format 0.0.4')
    .option('--agent-name <name>', 'the label agent_name (default: that of a report, else unknown)')
    .option('--agent-version <version>', 'the label agent_version (default: that of a report, else unknown)')
    .addOption(
      new Option('--prices <file>', 'price file that overrides the built-in prices').env('TALKGAUGE_PRICES'),
    )
    .action(run);
}

const warn = (line: string) => console.error(`talkgauge replay: ${line}`);

async function run(paths: string[], options: Options): Promise<void> {
  // Loaded for this command only: others, such as the health check of a container, start faster without.
  const { openPrices } = await import('../pricing/cost.ts');
  const { createRecorder } = await import('../metrics/recorder.ts');
  const identityOf = ({ agentName = 'unknown', agentVersion = 'unknown' } = {}) => ({
    agent_name: options.agentName ?? agentName,
    agent_version: options.agentVersion ?? agentVersion,
  });
  const { derivation, states, close } = openPrices({ file: options.prices, option: '--prices' });
  close();
  const recorder = createRecorder({ identity: identityOf, derivation, states });
  const sink: ReplayOptions['sink'] = (observation, about) => recorder.record(observation, identityOf(about));

  const found = await replayedFiles(paths);
  const several = found.flatMap(({ files }) => files).length > 1;
  let used = 0;
  let failed = false;
  for (const { path, files, problem } of found) {
    if (problem !== undefined) {
      failed = true;
      warn(`${path} cannot be read: ${problem}`);
    }
    // Sequentially, so that many files need no more memory than one.
    for (const file of files) {
      const { usable, skipped } = await replayOne(file, sink, several);
      if (usable) used += 1;
      failed ||= !usable || (skipped > 0 && options.strict === true);
    }
  }
  if (used > 0) stdout.write(await recorder.expose(options.openmetrics ? 'openmetrics' : 'text'));
  if (failed) process.exitCode = 1;
}

/** How many skipped lines of a file are reported. */
const maxReportedLines = 20;

/** @param named whether messages have to say which file it is */
async function replayOne(
  file: string,
  sink: ReplayOptions['sink'],
  named: boolean,
): Promise<{ usable: boolean; skipped: number }> {
  const name = file === '-' ? 'standard input' : file;
  const problems: { line: number; problem: string }[] = [];
  const { replay } = await import('../agent/livekit/replay.ts');
  try {
    const { events, skipped } = await replay({
      input: file === '-' ? stdin : createReadStream(file),
      sink,
      onProblem: (line, problem) => problems.length < maxReportedLines && problems.push({ line, problem }),
    });
    const [first] = problems;
    if (events === 0 && first) {
      warn(`${name} has nothing to replay, and is left out; line ${first.line}: ${first.problem}`);
      return { usable: false, skipped };
    }
    const where = named ? `${name}: ` : '';
    for (const { line, problem } of problems) warn(`${where}line ${line} skipped: ${problem}`);
    if (skipped > problems.length) warn(`${where}${skipped - problems.length} more skipped`);
    return { usable: true, skipped };
  } catch (error) {
    warn(`${name} cannot be read: ${(error as Error).message}`);
    return { usable: false, skipped: 0 };
  }
}

/** The files of a path, in order, or the reason why there is none. */
export interface ReplayInput {
  path: string;
  files: string[];
  problem?: string;
}

const hint = 'Give the path of an event log or a report, of a folder of them, or - for standard input.';

/**
 * Resolves the paths of the command line: a file, `-`, or a folder, which stands for its event logs and reports
 * (`.jsonl`, `.json`) in order of their names, without subfolders. A file that is named twice is read once.
 */
export async function replayedFiles(paths: readonly string[]): Promise<ReplayInput[]> {
  const taken = new Set<string>();
  const first = (file: string) => {
    const name = file === '-' ? file : resolve(file);
    return !taken.has(name) && taken.add(name);
  };
  const found: ReplayInput[] = [];
  for (const path of paths) {
    const { files, problem } = await filesOf(path);
    found.push({ path, files: files.filter(first), problem });
  }
  return found;
}

async function filesOf(path: string): Promise<Omit<ReplayInput, 'path'>> {
  try {
    if (path === '-' || !(await stat(path)).isDirectory()) return { files: [path] };
    const names = (await readdir(path, { withFileTypes: true }))
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && /\.jsonl?$/.test(entry.name))
      .map(({ name }) => name);
    if (names.length === 0) return { files: [], problem: `no .jsonl or .json file is in it. ${hint}` };
    return { files: names.toSorted().map((name) => join(path, name)) };
  } catch (error) {
    return { files: [], problem: `${(error as Error).message}. ${hint}` };
  }
}
