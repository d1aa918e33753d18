import { openBrowser } from './browser.mjs';
import { alternate, median, quantile } from './measure.mjs';
import { atMost, megabytes, ms } from './report.mjs';
import { idOf } from './sessions.mjs';

const few = 100;
const many = 10_000;
const rounds = 7;

/** In the page, before its own scripts: promises the moment at which the first rows were drawn. */
const watchFirstRows = () => {
  window.firstRows = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('a[data-session]')) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
};

/** In the page: does something, and returns how long it takes until a session is drawn. */
const timeUntil = async ([what, id]) => {
  const start = performance.now();
  if (what === 'end') scrollTo(0, document.documentElement.scrollHeight);
  else
    [...document.querySelectorAll('.sort')].find(({ textContent }) => textContent.startsWith(what)).click();
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const drawn = () =>
    what === 'end'
      ? document.querySelector(`a[data-session="${id}"]`)
      : document.querySelector('a[data-session]')?.dataset.session === id;
  while (!drawn()) {
    if (performance.now() - start > 30_000) return Number.NaN;
    await frame();
  }
  await frame();
  return performance.now() - start;
};

/** In the page: scrolls down page by page; milliseconds from each frame to the next. */
const scrollThrough = async (steps) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const gaps = [];
  scrollTo(0, 0);
  let before = await frame();
  for (let n = 0; n < steps; n++) {
    scrollBy(0, 600);
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return gaps;
};

/** What the list takes in a browser, with few sessions and with many. */
export async function page(children) {
  const start = async (count) => {
    const gateway = children.start(new URL('./processes/gateway.mjs', import.meta.url), [
      'bench',
      'a secret of at least thirty-two characters',
      count,
    ]);
    return gateway.ask('url');
  };
  const urls = { few: await start(few), many: await start(many) };
  const browser = await openBrowser();
  try {
    const open = async (url) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const opened = await context.newPage();
      await opened.addInitScript(watchFirstRows);
      await opened.goto(url);
      return opened;
    };
    const measure = (url, count) => async () => {
      const opened = await open(url);
      const first = await opened.evaluate('window.firstRows');
      const end = await opened.evaluate(timeUntil, ['end', idOf(count - 1)]);
      const scrolled = await opened.evaluate(scrollThrough, 60);
      await opened.evaluate('scrollTo(0, 0)');
      const sorted = await opened.evaluate(timeUntil, ['Length', longestOf(count)]);
      const client = await opened.context().newCDPSession(opened);
      await client.send('HeapProfiler.collectGarbage');
      const { usedSize } = await client.send('Runtime.getHeapUsage');
      const rows = await opened.locator('a[data-session]').count();
      await opened.context().close();
      return { first, end, sorted, scrolled, heap: usedSize, rows };
    };
    const found = await alternate(rounds, { few: measure(urls.few, few), many: measure(urls.many, many) });
    return report(found);
  } finally {
    await browser.close();
  }
}

/** The session of which bench/sessions.mjs makes the longest. */
function longestOf(count) {
  let longest = 0;
  for (let n = 0; n < count; n++) if ((n * 7919) % count > (longest * 7919) % count) longest = n;
  return idOf(longest);
}

function report(found) {
  const middle = (name, what) => median(found[name].map((each) => each[what]));
  const gaps = (name) => found[name].flatMap(({ scrolled }) => scrolled);
  const row = (title, name) => [
    title,
    ms(middle(name, 'first')),
    ms(middle(name, 'end')),
    ms(middle(name, 'sorted')),
    ms(quantile(gaps(name), 0.5)),
    ms(quantile(gaps(name), 0.95)),
    String(middle(name, 'rows')),
    megabytes(middle(name, 'heap')),
  ];
  const all = Object.values(found).flat();
  return {
    columns: ['', 'first rows', 'to the end', 'sorted', 'frame p50', 'p95', 'rows drawn', 'heap'],
    rows: [row(`a list of ${few}`, 'few'), row(`a list of ${many}`, 'many')],
    notes: ['frames: while somebody scrolls through 60 pages; all by the median of the rounds'],
    goals: [
      atMost(
        `the list, ${many} sessions ÷ ${few}: first rows`,
        middle('many', 'first') / middle('few', 'first'),
        2,
      ),
      atMost(`the list of ${many}: to its end`, middle('many', 'end'), 1000, ms),
      atMost(`the list of ${many}: sorted anew`, middle('many', 'sorted'), 1000, ms),
    ],
    checks: [
      [
        'every jump and every sort comes to what it should',
        all.every(({ end, sorted }) => end > 0 && sorted > 0),
      ],
      ['of many, no more rows are drawn than of few', middle('many', 'rows') <= middle('few', 'rows')],
    ],
  };
}
