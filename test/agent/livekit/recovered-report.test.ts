import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recoverReport } from '../../../src/agent/livekit/recovered-report.ts';
import { NotAJournal } from '../../../src/agent/reports/recovery.ts';
import { openPrices } from '../../../src/pricing/cost.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const { derivation } = openPrices();
const recover = (text: string) => {
  const file = join(folder, 'a.journal');
  writeFileSync(file, text);
  return recoverReport(file, derivation);
};
const head = { session: 's', agentName: 'a', agentVersion: '1', traceIds: [] };
const content = { transcript: false, allowPii: false, redaction: false };

test('a journal with nothing but its beginning is a report', async () => {
  const { report } = await recover(`${JSON.stringify({ head, content, events: true, line: 1 })}\n`);
  expect(report).toMatchObject({ session: 's', closeReason: 'crashed' });
});

test.each(['', '\n', '{"head":', 'null\n', '{}\n', '{"head":{"session":"s"}}\n'])(
  'a file that holds %j is no journal',
  async (text) => {
    await expect(recover(text)).rejects.toThrow(NotAJournal);
  },
);

test('a file that cannot be read may be a journal', async () => {
  await expect(recoverReport(folder, derivation)).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(recoverReport(join(folder, 'b'), derivation)).rejects.toMatchObject({ code: 'ENOENT' });
});
