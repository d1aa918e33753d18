import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isMissing } from './stack/programs.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '..');
const guide = readFileSync(join(repository, 'CONTRIBUTING.md'), 'utf8');

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'contributing-'));
  for (const part of ['src', 'docs', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(repository, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

test.skipIf(isMissing('git'))(
  'the example diff that adds a metric applies, builds and exposes the metric',
  async () => {
    const diff = guide.match(/```diff\n(.*?)```/s)?.[1] ?? '';
    writeFileSync(join(copy, 'metric.diff'), diff);
    await run('git', ['apply', 'metric.diff'], { cwd: copy });

    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: copy });
    const recording = join(repository, 'test/fixtures/conversation.jsonl');
    const { stdout } = await run(process.execPath, ['build/cli/main.js', 'replay', recording], { cwd: copy });
    expect(stdout).toContain(
      'lk_agents_llm_cached_requests_total{agent_name="unknown",agent_version="unknown",' +
        'model_provider="openai",model_name="gpt-4o-mini"} 2\n',
    );

    await run(process.execPath, ['build/monitoring/generate.js'], { cwd: copy });
    expect(readFileSync(join(copy, 'docs/metrics.md'), 'utf8')).toContain(
      '| `lk_agents_llm_cached_requests_total` | counter | requests | `model_provider`; `model_name` | ' +
        'LLM requests that read a part of their prompt from the cache. | ' +
        'metrics_collected: llm_metrics (`LLMMetrics.promptCachedTokens`) |',
    );
  },
);

test('the scripts named in the guide exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const named = [...guide.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
  expect(named).toContain('check:metrics');
  expect(named.filter((name) => !Object.hasOwn(scripts, name ?? ''))).toEqual([]);
});
