import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Spool } from '../../../src/gateway/spool/spool.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { one } from '../uploads.ts';

const meta = { kind: 'logs' as const, issuer: 'a', encoding: '', type: '', at: 1 };

test('a new process knows how many processes crashed during an entry', async () => {
  const directory = newFolder();
  const open = () => Spool.open({ directory, maxBytes: 1e6 });
  const first = await open();
  const entry = await first.receive(meta, [Buffer.from('a')], { most: 10 });
  const other = await first.receive(meta, [Buffer.from('b')], { most: 10 });
  // A process that retries the entry has not crashed.
  expect([await first.startProcessing(entry), await first.startProcessing(entry)]).toEqual([0, 0]);
  expect(await (await open()).startProcessing(entry)).toBe(1);
  const third = await open();
  expect(await third.startProcessing(entry)).toBe(2);
  await third.remove(entry);
  expect(await third.startProcessing(other)).toBe(0);
  await third.remove(other);
  expect(readdirSync(directory)).toEqual([]);
});

test('an upload is dropped after it crashed three gateways, so that the fourth processes the others', async () => {
  const directory = newFolder();
  const spool = await Spool.open({ directory: join(directory, 'spool'), maxBytes: 1e7 });
  const [bad, good] = [one('full-01-logs'), one('flush-01-logs')];
  const spooled = ({ kind, headers, body }: typeof bad) =>
    spool.receive({ ...meta, kind, type: headers['content-type'] ?? '' }, [body], { most: 1e7 });
  const { id } = await spooled(bad);
  await spooled(good);
  writeFileSync(join(directory, 'spool/begun'), `${id} 3`);
  const gateway = await startTestGateway({ directory });
  await gateway.drained(20_000);
  expect(gateway.lines).toEqual([
    'An upload of logs is given up: the gateway ended 3 times while it was processed',
  ]);
  expect(await gateway.metric('talkgauge_gateway_processed_total', { kind: 'logs', result: 'failed' })).toBe(
    1,
  );
  const { sessions } = await gateway.json('/api/sessions');
  expect(sessions.map((session: { id: string }) => session.id)).toEqual(['AJ_flush']);
});
