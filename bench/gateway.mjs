import { endOf, key, noise, recordingOf, secret, Uploader } from './job-uploads.mjs';
import { quantile } from './measure.mjs';
import { atMost, megabytes, ms } from './report.mjs';

const mebibyte = 2 ** 20;

/** Jobs that end at the same moment, each with a minute of audio. */
const jobs = 200;
const audioBytes = Math.round(0.74 * mebibyte);
const largeBytes = 100 * mebibyte;

/** What a gateway takes to receive a large recording, and many jobs at once. */
export async function uploads(children) {
  const gateway = children.start(new URL('./processes/gateway.mjs', import.meta.url), [key, secret], {
    execArgv: ['--expose-gc'],
  });
  const url = await gateway.ask('url');
  const uploader = await Uploader.to(url);
  const statuses = [];
  const send = async (what) => {
    const { status, took } = await uploader.send(what);
    statuses.push(status);
    return took;
  };

  // A first one, so that the code itself is not measured.
  const audio = noise(audioBytes);
  for (const what of endOf('0000', audio)) await send(what);
  await gateway.ask('drained', 10_000);

  const before = await gateway.ask('memory');
  await gateway.ask('peak');
  const large = recordingOf('9999', noise(largeBytes));
  const start = performance.now();
  const answered = await send(large);
  await gateway.ask('drained', 60_000);
  const stored = performance.now() - start;
  const largePeak = await gateway.ask('peak');

  const ends = Array.from({ length: jobs }, (_, n) => endOf(String(n + 1).padStart(4, '0'), audio));
  const idle = await gateway.ask('memory');
  await gateway.ask('peak');
  const began = performance.now();
  const took = await Promise.all(
    ends.map(async (end) => {
      const each = [];
      for (const what of end) each.push(await send(what));
      return each;
    }),
  );
  const allAnswered = performance.now() - began;
  await gateway.ask('drained', 120_000);
  const allStored = performance.now() - began;
  const manyPeak = await gateway.ask('peak');
  const sessions = await gateway.ask('sessions');
  uploader.close();

  const answers = took.flat();
  const perJob = took.map((each) => each.reduce((sum, one) => sum + one, 0));
  const bytes = ends.flat().reduce((sum, [, body]) => sum + body.length, 0);
  const rate = (size, time) => `${(size / mebibyte / (time / 1000)).toFixed(0)} MB/s`;
  return {
    columns: ['', 'answered', 'stored', 'rate', 'peak RSS', 'grown by'],
    rows: [
      [
        'a recording of 100 MB',
        ms(answered),
        ms(stored),
        rate(largeBytes, answered),
        megabytes(largePeak),
        megabytes(largePeak - before),
      ],
      [
        `${jobs} jobs end at once`,
        ms(allAnswered),
        ms(allStored),
        rate(bytes, allAnswered),
        megabytes(manyPeak),
        megabytes(manyPeak - idle),
      ],
    ],
    notes: [
      `an upload of the ${answers.length}: p50 ${ms(quantile(answers, 0.5))}, p99 ${ms(quantile(answers, 0.99))}; ` +
        `a job's five: p50 ${ms(quantile(perJob, 0.5))}, longest ${ms(Math.max(...perJob))}`,
    ],
    goals: [
      atMost(
        'the gateway grows by, for a recording of 100 MB',
        largePeak - before,
        160 * mebibyte,
        megabytes,
      ),
      atMost(
        `the gateway grows by, for ${jobs} jobs that end at once`,
        manyPeak - idle,
        256 * mebibyte,
        megabytes,
      ),
      // 8 s and more is what a receiver costs that answers badly.
      atMost(`the longest of ${jobs} jobs that end at once waits`, Math.max(...perJob), 8000, ms),
    ],
    checks: [
      ['every upload is answered with 200', statuses.every((status) => status === 200)],
      ['every session is there, complete and with its audio', sessions === jobs + 2],
    ],
  };
}
