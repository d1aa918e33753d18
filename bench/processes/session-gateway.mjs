/** A gateway with a short call and a long one, and with a recording to be drawn. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oggPackets } from '../../dist/gateway/audio/ogg-packets.js';
import { peaksOf } from '../../dist/gateway/audio/peaks.js';
import { startGateway } from '../../dist/gateway/gateway.js';
import { answer } from '../children.mjs';
import { callOf } from '../two-hours.mjs';

const [short, long] = process.argv.slice(2).map(Number);
const directory = mkdtempSync(join(tmpdir(), 'gateway-'));
const gateway = await startGateway({
  directory,
  keys: { pair: { key: 'bench', secret: 'a secret of at least thirty-two characters' } },
  port: 0,
  minFreeBytes: 0,
});
const start = Date.now() / 1000 - 8000;
await gateway.store.apply(callOf('AJ_short', start, short), 'short');
await gateway.store.apply(callOf('AJ_long', start, long), 'long');

/** The recording of a captured call, as the packets that it consists of. */
const upload = readFileSync(new URL('../../test/fixtures/insights/flush-04-recordings.bin', import.meta.url));
const packets = [];
for await (const page of oggPackets([upload.subarray(upload.indexOf('OggS'), upload.lastIndexOf('\r\n--'))]))
  packets.push(...page);
const [head, tags, ...speech] = packets;

/** A page for each packet: more than recorders make of them, so that reading is not made too easy. */
function pageOf(packet) {
  const table = [...Array.from({ length: Math.floor(packet.length / 255) }, () => 255), packet.length % 255];
  const header = Buffer.alloc(27);
  header.write('OggS', 'latin1');
  header[26] = table.length;
  return Buffer.concat([header, Buffer.from(table), packet]);
}

answer(
  {
    url: () => gateway.url,
    /** Milliseconds in which so many seconds of speech are decoded, 20 ms a packet. */
    async waveform(seconds) {
      const frames = Array.from({ length: seconds * 50 }, (_, n) => pageOf(speech[n % speech.length]));
      const path = join(directory, 'speech.ogg');
      writeFileSync(path, Buffer.concat([pageOf(head), pageOf(tags), ...frames]));
      const bytes = readFileSync(path);
      const began = performance.now();
      const { duration } = await peaksOf([bytes], new AbortController().signal);
      return { took: performance.now() - began, duration, bytes: statSync(path).size };
    },
  },
  () => gateway.close(),
);
