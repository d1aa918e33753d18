import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SessionStore } from '../build/gateway/store/session-store.js';
import { PriceBook } from '../build/pricing/price-book.js';
import { callOf } from './two-hours.mjs';

/** Spans in an upload. */
const inUpload = 100;
/** People who look at the call that runs. */
const viewers = 5;
/** Uploads of it that they see. */
const changes = 5;

/** A directory of a gateway with a short call, a long one, and one as long that runs. */
export async function storedCalls(short, long) {
  const directory = mkdtempSync(join(tmpdir(), 'talkgauge-calls-'));
  const store = await SessionStore.open({ directory, prices: new PriceBook(), keepRedactedAudio: false });
  const start = Date.now() / 1000 - 8000;
  for (const [job, turns] of [
    ['AJ_short', short],
    ['AJ_long', long],
    ['AJ_live', long],
  ]) {
    const { spans, ...rest } = callOf(job, start, turns);
    const nothing = { ...rest, spans: [], items: [], report: undefined };
    for (let n = 0; n < spans.length; n += inUpload)
      await store.apply({ ...nothing, spans: spans.slice(n, n + inUpload) }, `${job} ${n}`);
    if (job !== 'AJ_live') await store.apply({ ...rest, spans: [] }, job);
  }
  const { size } = statSync(join(directory, 'sessions/AJ_long/spans.jsonl'));
  return { directory, bytes: size };
}

/** What a long call takes of the gateway: its whole trace, and when several look at one while it runs. */
export async function gatewayLoadOf(gateway, url) {
  const timed = async (...paths) => {
    const began = performance.now();
    await Promise.all(paths.map(async (path) => (await fetch(`${url}/api/sessions/${path}`)).arrayBuffer()));
    return performance.now() - began;
  };
  await gateway.ask('strain');
  const trace = await timed('AJ_long/trace');
  const traced = await gateway.ask('strain');
  const looks = [];
  const { identity } = callOf('AJ_live', 0, 0);
  for (let n = 0; n < changes; n++) {
    const nothing = { spans: [], items: [], logs: [], evaluations: [], metrics: [] };
    await gateway.ask('more', { identity, ...nothing });
    const paths = ['AJ_live', 'AJ_live/timeline', 'AJ_live/transcript'];
    looks.push(await timed(...Array.from({ length: viewers }, () => paths).flat()));
  }
  return { trace, traced, looks, viewers, looked: await gateway.ask('strain') };
}
