import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { withTexts } from '../../../src/agent/livekit/event-log.ts';
import { RecoveredRecords, recoverReport } from '../../../src/agent/livekit/recovered-report.ts';
import { SessionReportBuilder } from '../../../src/agent/livekit/session-report.ts';
import { InvalidJournalError } from '../../../src/agent/reports/journal.ts';
import { resolveTelemetry, type TelemetryOptions } from '../../../src/agent/telemetry/settings.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { CostDerivation, openPrices } from '../../../src/pricing/cost.ts';
import { PriceBook } from '../../../src/pricing/price-book.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';

describe('a recovered report', () => {
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

  test('a journal with only its first line becomes a report', async () => {
    const { report } = await recover(`${JSON.stringify({ head, content, events: true, line: 1 })}\n`);
    expect(report).toMatchObject({ session: 's', closeReason: 'crashed' });
  });

  test.each(['', '\n', '{"head":', 'null\n', '{}\n', '{"head":{"session":"s"}}\n'])(
    'a file with the content %j is an invalid journal',
    async (text) => {
      await expect(recover(text)).rejects.toThrow(InvalidJournalError);
    },
  );

  test('an unreadable file is not treated as an invalid journal', async () => {
    await expect(recoverReport(folder, derivation)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(recoverReport(join(folder, 'b'), derivation)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('records of recovered reports', () => {
  let backend: Backend;
  let logged: string[];
  let counted: Record<string, number>;
  beforeEach(async () => {
    backend = await openBackend();
    logged = [];
    counted = {};
  });
  afterEach(() => backend.close());

  const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 20 });

  function records(given: TelemetryOptions = { endpoint: backend.url }, flushDeadlineMs = 30_000) {
    const sink = ({ metric, labels, value }: Observation) => {
      const name = [metric, ...Object.values(labels)].join(' ');
      counted[name] = (counted[name] ?? 0) + value;
    };
    const settings = { ...resolveTelemetry(given), flushDeadlineMs };
    return new RecoveredRecords({ settings, sink, log: (message) => void logged.push(message) });
  }

  /** Creates the report of a crashed job with this id. */
  function dead(jobId: string) {
    const head = {
      jobId,
      session: '0a1b2c3d',
      agentName: 'front-desk',
      agentVersion: 'unknown',
      traceIds: [],
    };
    const content = { transcript: false, allowPii: false, redaction: false };
    const what = () => ({ content, texts: withTexts, edit: withTexts.keep, events: true });
    const draft = new SessionReportBuilder(head, what);
    draft.markLost(1000);
    return draft.report({ at: 2000, derivation: new CostDerivation(new PriceBook()), recordings: [] });
  }

  test('each report is logged with its agent', async () => {
    const telling = records();
    telling.emit({ report: dead('AJ_1'), logs: true }, '/reports/1.json');
    telling.emit({ report: dead('AJ_2'), logs: true }, 's3://calls/2.json');
    await telling.close();
    expect(
      backend.logs.map(({ attributes }) => [attributes.job_id, attributes['lk.report.location']]),
    ).toEqual([
      ['AJ_1', '/reports/1.json'],
      ['AJ_2', 's3://calls/2.json'],
    ]);
    expect(backend.logs[0]?.attributes).toMatchObject({
      'lk.agent_name': 'front-desk',
      'lk.close_reason': 'crashed',
    });
    expect(backend.logs[0]?.attributes).not.toHaveProperty('lk.agent_version');
    expect(counted).toEqual({ talkgauge_log_records_exported_total: 2 });
  });

  test('nothing is logged for a session with logs switched off or without a backend', async () => {
    const off = records();
    off.emit({ report: dead('AJ_1'), logs: false }, '/reports/1.json');
    await off.close();
    const nowhere = records({});
    nowhere.emit({ report: dead('AJ_1'), logs: true }, '/reports/1.json');
    await nowhere.close();
    expect([backend.paths, logged, counted]).toEqual([[], [], {}]);
  });

  test('a backend that refuses is warned about once, and refused records are counted', async () => {
    backend.behave('refusing');
    const telling = records();
    telling.emit({ report: dead('AJ_1'), logs: true }, '/reports/1.json');
    await until(() => expect(counted).toEqual({ 'talkgauge_log_records_dropped_total export_failed': 1 }));
    telling.emit({ report: dead('AJ_2'), logs: true }, '/reports/2.json');
    await until(() => expect(counted).toEqual({ 'talkgauge_log_records_dropped_total export_failed': 2 }));
    expect(logged).toEqual([expect.stringMatching(/^a recovered report has no log record: /)]);
  });

  test('a backend that hangs times out', async () => {
    backend.behave('hanging');
    const telling = records({ endpoint: backend.url }, 200);
    telling.emit({ report: dead('AJ_1'), logs: true }, '/reports/1.json');
    await telling.close();
    expect(counted).toEqual({ 'talkgauge_log_records_dropped_total deadline': 1 });
  });
});
