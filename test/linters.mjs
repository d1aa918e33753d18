// What other people's linters say of the generated rules and boards: `node test/linters.mjs`. Fails on any problem, and names the linters
// that are not installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const boards = readdirSync(join(root, 'dashboards')).filter((file) => file.endsWith('.json'));

/** Each with the runs that it takes, and where it is to be had. */
const linters = [
  {
    command: 'pint',
    runs: [
      ['--no-color', '--offline', 'lint', '--min-severity=info', '--fail-on=warning'].concat(
        'alerts/talkgauge.yml',
        'prometheus/rules/talkgauge.yml',
      ),
    ],
    from: 'https://cloudflare.github.io/pint',
  },
  {
    command: 'dashboard-linter',
    runs: boards.map((board) => ['lint', '--strict', '--config', '.lint', `dashboards/${board}`]),
    from: 'https://github.com/grafana/dashboard-linter',
  },
];

/** Runs a command to its end; undefined if it is not installed. A command that a signal ends has failed. */
async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  try {
    const [code] = await once(child, 'close');
    return { code: code ?? 1, output };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

for (const { command, runs, from } of linters) {
  const results = [];
  for (const args of runs) results.push({ what: args.at(-1), ...(await run(command, args)) });
  const failed = results.filter(({ code }) => code !== undefined && code !== 0);
  for (const { what, output } of failed) console.error(`FAILED  ${command} ${what}\n${output}`);
  if (failed.length > 0) process.exitCode = 1;
  else if (results.some(({ code }) => code === undefined))
    console.log(`skipped ${command}: it is not installed (${from})`);
  else console.log(`ok      ${command}`);
}
