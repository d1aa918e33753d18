import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const talkgauge = join(import.meta.dirname, '../../dist/cli.js');
const prices = (...args: string[]) =>
  new Promise<{ stdout: string; stderr: string; code: number }>((resolve) => {
    execFile(process.execPath, [talkgauge, 'prices', ...args], (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: Number(error?.code ?? 0) }),
    );
  });

test('prints the price of a model and its source', async () => {
  const { stdout, code } = await prices('api.openai.com/gpt-4o-mini-2024-07-18', 'livekit/deepgram/nova-3');
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'api.openai.com/gpt-4o-mini-2024-07-18: @pydantic/genai-prices, as openai/gpt-4o-mini, ' +
        'https://developers.openai.com/api/docs/pricing',
      '  input_per_million 0.15',
      '  cached_input_per_million 0.075',
      '  output_per_million 0.6',
      'livekit/deepgram/nova-3: the built-in list, as livekit/deepgram/nova-3, of 2026-09-21, ' +
        'https://livekit.com/pricing/inference',
      '  Billed by the time of the connection; the SDK reports the audio that was sent.',
      '  audio_per_minute 0.0048',
      '',
    ].join('\n'),
  );
});

test('exits with 1 if a model has no price', async () => {
  expect(await prices('acme/m')).toEqual({
    stdout: 'acme/m: no price; its usage is unpriced\n',
    stderr: '',
    code: 1,
  });
});

test('reads a user price file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-prices-'));
  const file = join(folder, 'prices.yml');
  writeFileSync(file, 'version: 1\ndated: 2026-11-01\ncurrency: USD\nprices:\n  acme/*: { free: true }\n');
  const { stdout } = await prices('--prices', file, 'acme/m');
  rmSync(folder, { recursive: true });
  expect(stdout).toBe('acme/m: your price file, as acme/*, of 2026-11-01\n  free\n');
});

test('explains the format of a model name', async () => {
  const { stderr, code } = await prices('gpt-4o');
  expect([code, stderr]).toEqual([1, expect.stringContaining('It takes provider/model.')]);
});
