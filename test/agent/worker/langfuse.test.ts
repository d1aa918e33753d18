import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openBackend } from '../telemetry/backend.ts';
import { startWorker } from './worker.ts';

/** The variables in docs/telemetry.md's row for Langfuse, as expanded by a shell. */
function variables(url: string): Record<string, string> {
  const row = /^\| Langfuse \| (.*) \|$/m.exec(readFileSync('docs/telemetry.md', 'utf8'))?.[1] ?? '';
  const settingsCell = row.replaceAll('\\|', '|').replace('https://cloud.langfuse.com', url);
  const settings = [...settingsCell.matchAll(/`([A-Z_]+=[^`]+)`/g)].map(([, setting]) => setting);
  const env = { ...process.env, LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-2' };
  const names = settings.map((setting) => (setting as string).split('=')[0] as string);
  const lines = execFileSync(
    'bash',
    ['-c', `${settings.join('\n')}\nprintf '%s\\0' "$${names.join('" "$')}"`],
    { env },
  )
    .toString()
    .split('\0');
  return Object.fromEntries(names.map((name, index) => [name, lines[index] as string]));
}

test('Langfuse receives the conversation and no logs with the documented variables', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const langfuse = await openBackend();
  onTestFinished(() => langfuse.close());
  const env = variables(langfuse.url);
  expect(Object.keys(env)).toEqual([
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_LOGS_EXPORTER',
    'TALKGAUGE_ALLOW_PII',
  ]);

  const worker = await startWorker({ agent: 'two-lines.mjs', mode: 'dev', env });
  onTestFinished(() => worker.close());
  await worker.finish({ log: join(folder, 'jobs.jsonl'), turns: 1, asks: ['fine'] });

  expect(new Set(langfuse.paths)).toEqual(new Set(['/api/public/otel/v1/traces']));
  // printf pk-lf-1:sk-lf-2 | base64
  expect(new Set(langfuse.headers.map(({ authorization }) => authorization))).toEqual(
    new Set(['Basic cGstbGYtMTpzay1sZi0y']),
  );
  expect(langfuse.logs).toEqual([]);
  const names = langfuse.spans.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['job_entrypoint', 'agent_session', 'user_turn', 'llm_request', 'function_tool']),
  );
  expect(JSON.stringify(langfuse.spans)).toContain('canary-user');
});
