import { parse, total } from './exposition.mjs';
import { until } from './measure.mjs';
import { atMost, megabytes } from './report.mjs';

/** As many label sets as a connection may define, on as many connections as make a million of it. */
const each = 4096;
const connections = 245;
const count = each * connections;
const limit = 64 * 2 ** 20;
const url = (name) => new URL(`./processes/${name}.mjs`, import.meta.url);

/** The memory that a million label values take: in the worker, and in a job whose worker is away. */
export async function overhead(children) {
  const options = { execArgv: ['--expose-gc'] };
  const worker = children.start(url('worker'), [], options);
  const { socket } = await worker.ask('addresses');
  const flood = children.start(url('flood'), [socket], options);
  const exposed = async () => parse(await worker.ask('expose'));
  const idle = async () => (await worker.ask('connections')) === 0;

  // A few connections first: what the code itself takes is not the flood's.
  const warmUp = { connections: 5, each };
  await flood.ask('throwAt', warmUp);
  const before = { worker: await worker.ask('memory'), job: await flood.ask('memory') };
  await flood.ask('throwAt', { connections, each });
  await until(idle);
  const samples = await exposed();
  const worker2 = await worker.ask('memory');
  const job = await flood.ask('recordIntoTheVoid', count);

  const kept = total(samples, 'lk_agents_tool_calls_total');
  const thrown = count + warmUp.connections * each;
  const dropped = total(samples, 'talkgauge_samples_dropped_total');
  const series = [...samples.keys()].filter((key) => key.startsWith('lk_agents_tool_calls_total')).length;
  return {
    columns: [`RSS, ${(count / 1e6).toFixed(2)} million label values`, 'before', 'after'],
    rows: [
      ['worker', megabytes(before.worker.rss), megabytes(worker2.rss)],
      ['worker, heap', megabytes(before.worker.heapUsed), megabytes(worker2.heapUsed)],
      ['job whose worker is away', megabytes(before.job), megabytes(job)],
    ],
    notes: [
      `${series} series of the metric are exposed; ${kept} of ${thrown} samples counted, ${dropped} dropped`,
    ],
    goals: [
      atMost(
        'growth of the worker by a million label values',
        worker2.rss - before.worker.rss,
        limit,
        megabytes,
      ),
      atMost('growth of a job whose worker is away', job - before.job, limit, megabytes),
    ],
    checks: [['every sample is counted or reported as dropped', kept + dropped === thrown]],
  };
}
