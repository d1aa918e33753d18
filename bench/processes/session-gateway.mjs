/** A gateway with a short call, a long one, and a long one that runs; and with a recording to be drawn. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oggPackets } from '../../build/gateway/audio/ogg-packets.js';
import { peaksOf } from '../../build/gateway/audio/peaks.js';
import { startGateway } from '../../build/gateway/gateway.js';
import { answer } from '../children.mjs';

const [directory] = process.argv.slice(2);
const gateway = await startGateway({
  directory,
  keys: { pair: { key: 'bench', secret: 'a secret of at least thirty-two characters' } },
  port: 0,
  minFreeBytes: 0,
});

/** How often the event loop is looked at, in milliseconds. */
const often = 10;
let [stalled, memory, looked] = [0, 0, performance.now()];
setInterval(() => {
  const now = performance.now();
  stalled = Math.max(stalled, now - looked - often);
  memory = Math.max(memory, process.memoryUsage.rss());
  looked = now;
}, often).unref();

/** The recording of a captured call, as the packets that it consists of. */
const upload = readFileSync(new URL('../../test/fixtures/insights/flush-04-recordings.bin', import.meta.url));
const packets = [];
for await (const page of oggPackets(
  [upload.subarray(upload.indexOf('OggS'), upload.lastIndexOf('\r\n--'))],
  61_440,
))
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
    /** The longest stall of the event loop in milliseconds, and the most memory in bytes, since this was asked last. */
    strain() {
      const found = { stalled, memory };
      [stalled, memory] = [0, 0];
      return found;
    },
    /** Some more of the call that runs. */
    more: (batch) => gateway.store.apply(batch, `more ${performance.now()}`),
    /** Milliseconds in which so many seconds of speech are decoded, 20 ms a packet. */
    async waveform(seconds) {
      const frames = Array.from({ length: seconds * 50 }, (_, n) => pageOf(speech[n % speech.length]));
      const path = join(mkdtempSync(join(tmpdir(), 'speech-')), 'speech.ogg');
      writeFileSync(path, Buffer.concat([pageOf(head), pageOf(tags), ...frames]));
      const bytes = readFileSync(path);
      const began = performance.now();
      const { duration } = await peaksOf([bytes], new AbortController().signal);
      return { took: performance.now() - began, duration, bytes: statSync(path).size };
    },
  },
  () => gateway.close(),
);
