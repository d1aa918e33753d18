import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleOf } from '../agent/worker/exposition.ts';

const talkgauge = join(import.meta.dirname, '../../dist/cli.js');
const recording = join(import.meta.dirname, '../fixtures/sdk-events.jsonl');
const conversation = join(import.meta.dirname, '../fixtures/conversation.jsonl');
const requests = 'lk_agents_llm_requests_total';

/**
 * Runs `talkgauge replay` with `args`, `input` on standard input, and a heap of `heap` MB. A line of 16 MB
 * needs more than 64 MB where garbage is collected late, as by Node.js 24 on a busy machine.
 */
async function replay(args: readonly string[], input: string | Buffer = '', heap = 64) {
  const child = spawn(process.execPath, [`--max-old-space-size=${heap}`, talkgauge, 'replay', ...args]);
  // The command may close its input early.
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { stdout, stderr, code };
}

const lines = readFileSync(recording, 'utf8').trim().split('\n');
const broken = [lines[0], 'oops', ...lines.slice(1), '{"event":"telepathy","payload":{}}'].join('\n');

describe('talkgauge replay', () => {
  test('prints the text exposition of a recording', async () => {
    const { stdout, stderr, code } = await replay([recording]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(sampleOf(stdout, requests)).toBe(20);
    expect(sampleOf(stdout, 'lk_agents_usage_tts_characters_total')).toBe(965);
    expect(stdout).not.toContain('# EOF');
  });

  test('prints OpenMetrics when it is asked to', async () => {
    const { stdout } = await replay(['--openmetrics', recording]);
    expect(stdout.endsWith('\n# EOF\n')).toBe(true);
  });

  test('adds the given labels to the series', async () => {
    const { stdout } = await replay(['--agent-name', 'support', '--agent-version', '1.4', recording]);
    expect(sampleOf(stdout, requests, { agent_name: 'support', agent_version: '1.4' })).toBe(20);
  });

  test('accepts a session report and uses its agent name', async () => {
    const events = lines.map((line) => {
      const { event, payload } = JSON.parse(line);
      return { ...payload, type: event };
    });
    const report = { schemaVersion: 1, session: 'a', agentName: 'front-desk', agentVersion: '7', events };
    const { stdout, stderr, code } = await replay(['-'], JSON.stringify(report));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(sampleOf(stdout, requests, { agent_name: 'front-desk', agent_version: '7' })).toBeGreaterThan(0);
    const other = await replay(['--agent-name', 'support', '-'], JSON.stringify(report));
    expect(sampleOf(other.stdout, requests, { agent_name: 'support', agent_version: '7' })).toBeGreaterThan(
      0,
    );
  });

  test('prices the usage of models with a known price', async () => {
    const { stdout } = await replay([conversation]);
    const cost = (component: string) => sampleOf(stdout, 'lk_agents_cost_usd_total', { component });
    // 338 × 0.15 $ + 512 from the cache × 0.075 $ + 50 × 0.60 $, for a million.
    expect(cost('llm')).toBeCloseTo(0.0001191, 12);
    // Text 10 × 4 $ + 10 × 0.40 $ + 20 × 16 $, audio 70 × 32 $ + 30 × 0.40 $ + 40 × 64 $, for a million.
    expect(cost('realtime')).toBeCloseTo(0.005176, 12);
    // 2 s at 0.0048 $ a minute, 41 characters at 50 $ for a million.
    expect([cost('stt'), cost('tts')]).toEqual([expect.closeTo(0.00016, 12), expect.closeTo(0.00205, 12)]);
    const unpriced = (component: string) =>
      sampleOf(stdout, 'lk_agents_cost_unpriced_usage_total', { component });
    expect([unpriced('interruption'), unpriced('llm'), unpriced('tts')]).toEqual([2, undefined, undefined]);
  });

  test('exposes unpriced usage and no cost for models without a price', async () => {
    const { stdout } = await replay([recording]);
    expect(sampleOf(stdout, 'lk_agents_cost_usd_total')).toBeUndefined();
    const unpriced = (unit: string) => sampleOf(stdout, 'lk_agents_cost_unpriced_usage_total', { unit });
    expect([unpriced('characters'), unpriced('output_audio_tokens')]).toEqual([965, 20]);
  });

  test('prices usage with a user price file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'talkgauge-prices-'));
    const file = join(folder, 'prices.yml');
    writeFileSync(
      file,
      'version: 1\ndated: 2026-11-01\ncurrency: USD\nprices:\n  fakeco/fake-tts-*: { characters_per_thousand: 0.2 }\n',
    );
    const { stdout } = await replay(['--prices', file, recording]);
    expect(sampleOf(stdout, 'lk_agents_cost_usd_total', { component: 'tts' })).toBeCloseTo(0.193, 9);
    writeFileSync(file, 'prices');
    const failed = await replay(['--prices', file, recording]);
    expect(failed).toMatchObject({ stdout: '', code: 1 });
    expect(failed.stderr).toBe(
      `talkgauge: --prices="${file}" cannot be used: ${file}:1: the file is "prices", but takes a map of version, ` +
        'dated, currency and prices. Fix the file, or omit the option.\n',
    );
    rmSync(folder, { recursive: true });
  });

  test('reads standard input', async () => {
    const { stdout, code } = await replay(['-'], lines.join('\n'));
    expect(code).toBe(0);
    expect(sampleOf(stdout, requests)).toBe(20);
  });

  test('reads CRLF', async () => {
    const { stdout, stderr } = await replay(['-'], lines.join('\r\n'));
    expect(stderr).toBe('');
    expect(sampleOf(stdout, requests)).toBe(20);
  });

  test('reports a malformed line on stderr with its number and continues', async () => {
    const { stdout, stderr, code } = await replay(['-'], broken);
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      'talkgauge replay: line 2 skipped: not JSON',
      'talkgauge replay: line 269 skipped: unknown event "telepathy"',
    ]);
    expect(sampleOf(stdout, requests)).toBe(20);
  });

  test('with --strict exits with 1 after a skipped line and still prints the series', async () => {
    const { stdout, code } = await replay(['--strict', '-'], broken);
    expect(code).toBe(1);
    expect(sampleOf(stdout, requests)).toBe(20);
    expect((await replay(['--strict', recording])).code).toBe(0);
  });

  test('prints an exposition without calls for an empty file', async () => {
    const { stdout, stderr, code } = await replay(['-']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(sampleOf(stdout, requests)).toBeUndefined();
  });

  test.each([
    ['is not there', join(import.meta.dirname, 'missing.jsonl'), 'ENOENT.*'],
    ['is a folder without any', import.meta.dirname, 'no .jsonl or .json file is in it'],
  ])('prints the next step for a path that %s', async (_, path, problem) => {
    const { stdout, stderr, code } = await replay([path]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(
      new RegExp(
        `^talkgauge replay: ${path} cannot be read: ${problem}\\. Give the path of an event log or a report, `,
      ),
    );
  });

  describe('with several files', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'talkgauge-replay-'));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const events = lines.map((line) => {
      const { event, payload } = JSON.parse(line);
      return { ...payload, type: event };
    });
    const reportOf = (agentName: string) =>
      JSON.stringify({ schemaVersion: 1, session: 'a', agentName, agentVersion: '7', events });

    test('sums them in one exposition with the agent name of each report', async () => {
      write('talkgauge-report-1.json', reportOf('front-desk'));
      write('talkgauge-report-2.json', reportOf('support'));
      write('talkgauge-report-2.ogg', 'OggS');
      mkdirSync(join(folder, 'folder.json'));
      const { stdout, stderr, code } = await replay([folder, recording]);
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
      const of = (agent_name: string) => sampleOf(stdout, requests, { agent_name });
      expect([of('unknown'), of('front-desk'), of('support')]).toEqual([20, 20, 20]);
      expect(stdout.match(new RegExp(`^# TYPE ${requests} counter$`, 'gm'))).toHaveLength(1);
    });

    test('reads a file that is given twice once', async () => {
      const file = write('call.jsonl', lines.join('\n'));
      const { stdout } = await replay([folder, file, join(folder, '..', basename(folder), 'call.jsonl')]);
      expect(sampleOf(stdout, requests)).toBe(20);
    });

    test('reports unusable files by name, exits with 1 and prints the series of the others', async () => {
      const other = write('a-package.json', '{\n  "name": "talkgauge"\n}\n');
      const silent = write('b-report.json', JSON.stringify({ schemaVersion: 1, session: 'a', events: [] }));
      const bad = write('c-call.jsonl', `oops\n${lines.join('\n')}`);
      const away = join(folder, 'away.jsonl');
      const { stdout, stderr, code } = await replay([away, folder]);
      expect(code).toBe(1);
      expect(sampleOf(stdout, requests)).toBe(20);
      expect(stderr.trim().split('\n')).toEqual([
        expect.stringMatching(`^talkgauge replay: ${away} cannot be read: ENOENT`),
        `talkgauge replay: ${other} has nothing to replay, and is left out; line 1: not JSON`,
        `talkgauge replay: ${silent} has nothing to replay, and is left out; line 1: a session report without events: it was written with the switch \`logs\` off`,
        `talkgauge replay: ${bad}: line 1 skipped: not JSON`,
      ]);
    });

    test('with --strict exits with 1 after a skipped line in any file', async () => {
      const bad = write('call.jsonl', `oops\n${lines.join('\n')}`);
      expect((await replay([recording, bad])).code).toBe(0);
      expect((await replay(['--strict', bad, recording])).code).toBe(1);
    });

    test('needs no more memory than for one: 12 files of 16 MB with a heap of 128 MB', async () => {
      const padding = JSON.stringify({ session: 'a', event: 'close', payload: { x: 'x'.repeat(15e6) } });
      const long = [...lines, padding].join('\n');
      for (let n = 10; n < 22; n++) write(`${n}.jsonl`, long);
      const { stdout, stderr, code } = await replay([folder], '', 128);
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
      expect(sampleOf(stdout, requests)).toBe(240);
    });
  });

  test('reports twenty skipped lines and the number of further ones', async () => {
    const { stderr, code } = await replay(['-'], [...lines, ...Array(25).fill('oops')].join('\n'));
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(21);
    expect(stderr).toContain('talkgauge replay: 5 more skipped\n');
  });

  test('reads 160 MB without a line break with a heap of 128 MB', async () => {
    const { stderr, code } = await replay(['-'], Buffer.alloc(160 * 1024 * 1024, 'x'), 128);
    expect({ stderr, code }).toEqual({
      stderr: 'talkgauge replay: standard input has nothing to replay, and is left out; line 1: too long\n',
      code: 1,
    });
  });

  test('streams 72 MB with a heap of 64 MB', async () => {
    // An empty request id is not deduplicated, so each line counts.
    const event = lines.find((line) => line.includes('llm_metrics')) as string;
    const one = `${event.replace(/"requestId":"[^"]*"/, '"requestId":""')}\n`;
    const count = Math.ceil((72 * 1024 * 1024) / one.length);
    const { stdout, stderr, code } = await replay(['-'], Buffer.from(one.repeat(count)));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(sampleOf(stdout, requests)).toBe(count);
  });
});
