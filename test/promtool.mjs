// `promtool check metrics` on the text exposition of a replayed recording, and of a simulated call centre.
// Fails on any complaint: `node test/promtool.mjs`, after `npm run build`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const talkgauge = join(root, 'dist/cli.js');
const recording = join(root, 'test/fixtures/conversation.jsonl');
/** Every kind of call once, at eight times the speed, on free ports. */
const simulation = [
  'simulate',
  '--once',
  '--no-gateway',
  '--speed',
  '8',
  '--port',
  '0',
  '--control-port',
  '0',
];
/** Timeouts of the simulation and of its shutdown, in milliseconds. */
const timeoutMs = 180_000;
const shutdownTimeoutMs = 15_000;

/** Runs a command until it exits. */
async function run(command, args, input = '') {
  const child = spawn(command, args, { cwd: root });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      output[stream] += text;
    });
  }
  // promtool may close its input early.
  child.stdin.on('error', () => {}).end(input);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

async function replayedExposition() {
  const { code, stdout, stderr } = await run(process.execPath, [talkgauge, 'replay', '--strict', recording]);
  if (code !== 0) throw new Error(`talkgauge replay ended with ${code}: ${stderr}`);
  return stdout;
}

/** The last scrape of a command that prints the URL of its /metrics and exits by itself. */
async function scrapedExposition(args) {
  const child = spawn(process.execPath, [talkgauge, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const deadline = AbortSignal.timeout(timeoutMs);
  let output = '';
  let last = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  try {
    while (child.exitCode === null && child.signalCode === null && !deadline.aborted) {
      const [url] = output.match(/https?:\/\/[^\s"]+\/metrics/) ?? [];
      const response = url && (await fetch(url).catch(() => undefined));
      if (response?.ok) last = await response.text();
      await Promise.race([ended, sleep(500)]);
    }
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
    const killer = setTimeout(() => child.kill('SIGKILL'), shutdownTimeoutMs);
    await ended;
    clearTimeout(killer);
  }
  if (!last)
    throw new Error(`talkgauge ${args.join(' ')} never served /metrics. It said: ${output || 'nothing'}`);
  if (deadline.aborted)
    throw new Error(`talkgauge ${args.join(' ')} did not end within ${timeoutMs / 1000} s`);
  return last;
}

/** Whether promtool accepts an exposition without complaints; prints them otherwise. */
async function passes(name, exposition) {
  const { code, stdout, stderr } = await run('promtool', ['check', 'metrics'], exposition);
  const complaints = `${stdout}${stderr}`.trim();
  const series = exposition.split('\n').filter((line) => line && !line.startsWith('#')).length;
  if (series === 0) throw new Error(`${name}: there are no series to check`);
  const passed = code === 0 && !complaints;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}: ${series} samples`);
  if (!passed) console.error(complaints || `promtool ended with ${code}`);
  return passed;
}

try {
  await run('promtool', ['--version']).catch(() => {
    throw new Error(
      'promtool is not installed. It comes with Prometheus: apt-get install prometheus, or prometheus.io/download.',
    );
  });
  const results = [
    await passes('replayed recording', await replayedExposition()),
    await passes('simulated call centre', await scrapedExposition(simulation)),
  ];
  if (results.includes(false)) process.exitCode = 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
