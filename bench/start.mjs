import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noise, Uploader, wholeOf } from './job-uploads.mjs';
import { alternate, median, until } from './measure.mjs';
import { atMost, megabytes, ms } from './report.mjs';
import { fillSessions } from './sessions.mjs';

const count = 1000;
const many = 10_000;
const rounds = 5;
/** Jobs that upload at a time. */
const together = 8;
const script = new URL('./processes/start-gateway.mjs', import.meta.url);

/** Uploads jobs to a gateway, as an SDK does, until all are measured. @returns how many are */
async function uploadJobs(children, directory) {
  const gateway = children.start(script, [directory]);
  const url = await gateway.ask('url');
  const uploader = await Uploader.to(url);
  const audio = noise(10_000);
  const ids = Array.from({ length: count }, (_, n) => String(n).padStart(4, '0'));
  const worker = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      for (const upload of wholeOf(id, audio)) await uploader.send(upload);
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  uploader.close();
  const measured = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text.match(/^talkgauge_gateway_measured_sessions_total\{result="measured"\} (\d+)$/m)?.[1] ?? 0,
    );
  };
  await until(async () => (await measured()) >= count, 300_000);
  const found = await measured();
  await gateway.stop();
  return found;
}

/** What a start of the gateway takes: over sessions that were uploaded and measured, and over others to compare them with. */
export async function start(children) {
  const root = mkdtempSync(join(tmpdir(), 'starts-'));
  const folder = (name) => join(root, name);
  try {
    for (const name of ['none', 'made', 'many', 'real']) mkdirSync(folder(name));
    fillSessions(folder('made'), count);
    fillSessions(folder('many'), many);
    const uploaded = await uploadJobs(children, folder('real'));
    const measure =
      (name, word, prepare = () => {}) =>
      async () => {
        prepare();
        const gateway = children.start(script, [folder(name)]);
        const url = await gateway.ask('url');
        const taken = await gateway.ask('start');
        const listed = await timed(`${url}/api/sessions?limit=100`);
        const searched = await timed(`${url}/api/sessions?limit=100&q=${word}`);
        await gateway.stop();
        return {
          ...taken,
          ...{ listed: listed.took, total: listed.total },
          ...{ searched: searched.took, hits: searched.total },
        };
      };
    const noIndex = () => {
      for (const name of ['index.jsonl', 'words.jsonl']) rmSync(join(folder('real'), name));
    };
    const found = await alternate(rounds, {
      none: measure('none', 'weather'),
      made: measure('made', '2s'),
      many: measure('many', '2s'),
      real: measure('real', 'weather'),
      rebuilt: measure('real', 'weather', noIndex),
    });
    return report(found, uploaded);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Milliseconds that a list takes, asked for some times, and how many sessions it has. */
async function timed(url) {
  const times = [];
  let total;
  for (let n = 0; n < 9; n++) {
    const began = performance.now();
    ({ total } = await (await fetch(url)).json());
    times.push(performance.now() - began);
  }
  return { took: median(times), total };
}

function report(found, uploaded) {
  const middle = (name, what) => median(found[name].map((each) => each[what]));
  const row = (title, name) => [
    title,
    ms(middle(name, 'started')),
    ms(middle(name, 'rested')),
    megabytes(middle(name, 'peak')),
    ms(middle(name, 'listed')),
    ms(middle(name, 'searched')),
  ];
  const over = (name, what, other) => middle(name, what) / middle(other, what);
  const all = (name, what, value) => found[name].every((each) => each[what] === value);
  return {
    columns: ['a gateway starts over', 'answers', 'at rest', 'peak RSS', 'a list', 'a search'],
    rows: [
      row('no session', 'none'),
      row(`${count} made ones, an index only`, 'made'),
      row(`${many} made ones`, 'many'),
      row(`${count} uploaded and measured`, 'real'),
      row('the same, without its index', 'rebuilt'),
    ],
    notes: [
      `without the start of Node.js itself; at rest: all recent sessions were looked through; median of ${rounds} rounds`,
    ],
    goals: [
      atMost('a start over uploaded sessions ÷ made ones: answers', over('real', 'started', 'made'), 3),
      atMost('a start without the index ÷ with it: answers', over('rebuilt', 'started', 'real'), 20),
      atMost('a start without the index ÷ with it: peak RSS', over('rebuilt', 'peak', 'real'), 1.5),
    ],
    checks: [
      ['every uploaded session was measured', uploaded === count],
      [
        'every start has all sessions',
        all('none', 'total', 0) &&
          ['made', 'real', 'rebuilt'].every((name) => all(name, 'total', count)) &&
          all('many', 'total', many),
      ],
      [
        'what was said is found, also after the index was gone',
        all('real', 'hits', count) && all('rebuilt', 'hits', count),
      ],
    ],
  };
}
