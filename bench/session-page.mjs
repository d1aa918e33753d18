import { rmSync } from 'node:fs';
import { openBrowser } from './browser.mjs';
import { gatewayLoadOf, storedCalls } from './long-calls.mjs';
import { alternate, median, quantile } from './measure.mjs';
import { atLeast, atMost, megabytes, ms } from './report.mjs';

/** Two minutes, and two hours. */
const short = 17;
const long = 1028;
const rounds = 5;
/** Seconds of a recording. */
const recorded = 300;

/** In the page, before its own scripts: promises the moment at which the last turn was there and the timeline drawn. */
const watchTurns = (last) => {
  window.allDrawn = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.getElementById(`turn-${last}`)) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
};

/** In the page: milliseconds from each frame to the next, while something is done in each. */
const framesWhile = async ([what, steps]) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  const doings = {
    scroll: () => scrollBy(0, 600),
    zoom: (n) => press(n % 16 < 8 ? '+' : '-'),
    step: () => press('j'),
  };
  const gaps = [];
  let before = await frame();
  for (let n = 0; n < steps; n++) {
    doings[what](n);
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return gaps;
};

/** What a session takes in a browser, if it is short and if it takes two hours; and its waveform. */
export async function sessionPage(children) {
  const { directory, bytes } = await storedCalls(short, long);
  const gateway = children.start(new URL('./processes/session-gateway.mjs', import.meta.url), [directory]);
  const url = await gateway.ask('url');
  const browser = await openBrowser();
  try {
    const measure = (id, turns) => async () => {
      const began = performance.now();
      const timeline = await (await fetch(`${url}/api/sessions/${id}/timeline`)).json();
      const answered = performance.now() - began;
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await page.addInitScript(watchTurns, turns);
      await page.goto(`${url}/sessions/${id}`);
      const drawn = await page.evaluate('window.allDrawn');
      const zoomed = await page.evaluate(framesWhile, ['zoom', 48]);
      const stepped = await page.evaluate(framesWhile, ['step', Math.min(turns, 40)]);
      const scrolled = await page.evaluate(framesWhile, ['scroll', 40]);
      const client = await context.newCDPSession(page);
      await client.send('HeapProfiler.collectGarbage');
      const { usedSize } = await client.send('Runtime.getHeapUsage');
      const count = await page.locator('.turn').count();
      await context.close();
      return {
        answered,
        drawn,
        zoomed,
        stepped,
        scrolled,
        heap: usedSize,
        told: timeline.turns.length,
        count,
      };
    };
    const found = await alternate(rounds, {
      short: measure('AJ_short', short),
      long: measure('AJ_long', long),
    });
    const strain = { ...(await gatewayLoadOf(gateway, url)), bytes };
    return report(found, await gateway.ask('waveform', recorded), strain);
  } finally {
    await browser.close();
    await gateway.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(found, waveform, { bytes, trace, traced, looks, viewers, looked }) {
  const stalled = Math.max(traced.stalled, looked.stalled);
  const memory = Math.max(traced.memory, looked.memory);
  const middle = (name, what) => median(found[name].map((each) => each[what]));
  const frames = (name, what) =>
    quantile(
      found[name].flatMap((each) => each[what]),
      0.95,
    );
  const row = (title, name) => [
    title,
    ms(middle(name, 'answered')),
    ms(middle(name, 'drawn')),
    ms(frames(name, 'zoomed')),
    ms(frames(name, 'stepped')),
    ms(frames(name, 'scrolled')),
    megabytes(middle(name, 'heap')),
  ];
  const speed = (1000 * waveform.duration) / waveform.took;
  return {
    columns: ['', 'timeline answered', 'drawn', 'zoom p95', 'turn p95', 'scroll p95', 'heap'],
    rows: [row('a call of two minutes', 'short'), row('a call of two hours', 'long')],
    notes: [
      `drawn: from the address to the last turn; p95: of the frames in which that is done, ${rounds} rounds`,
      `the spans of the long call: ${megabytes(bytes)}; all of its trace, read in ${ms(trace)}, stalls the gateway for ${ms(traced.stalled)} at most, which then has ${megabytes(traced.memory)}`,
      `a call as long that runs, and ${viewers} who look at it: answered ${ms(median(looks))} after a change; a stall of ${ms(looked.stalled)} at most, ${megabytes(looked.memory)}`,
      `the waveform of ${recorded / 60} minutes is decoded in ${ms(waveform.took)}: ${speed.toFixed(0)} × as fast as it plays`,
    ],
    goals: [
      atMost('a session of two hours is drawn', middle('long', 'drawn'), 5000, ms),
      atMost('a session of two hours: p95 of a frame that zooms', frames('long', 'zoomed'), 250, ms),
      atMost('a session of two hours: the longest stall of the gateway', stalled, 400, ms),
      atMost('a session of two hours: memory of the gateway', memory, 500 * 2 ** 20, megabytes),
      atLeast('a waveform is decoded so many times as fast as it plays', speed, 30),
    ],
    checks: [
      [
        'every turn is there',
        found.short.every(({ count }) => count === short) && found.long.every(({ count }) => count === long),
      ],
      ['the waveform is as long as the recording', Math.abs(waveform.duration - recorded) < 0.1],
    ],
  };
}
