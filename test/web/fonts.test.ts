import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { capturedOf } from '../gateway/uploads.ts';
import { launchChromium, noBrowser } from './chromium.ts';
import { endlessBatches, usualBatches } from './extremes.ts';
import { type FontSet, fontEnvironment, fontSets } from './fonts.ts';
import { sharedGateway } from './gateways.ts';
import { type Cut, cutIn, type Fonts, fontsIn, placesIn, sideways } from './layout.ts';

const widths = [390, 1024, 1280, 1440, 1920];
/** From there on, the list is a table. */
const tableFrom = 1024;
/** A moment that does not go by, so that two pages show the same. */
const moment = Date.now();

const usual = sharedGateway(async (gateway) => {
  for (const [n, batch] of usualBatches.entries()) await gateway.store.apply(batch, `usual ${n}`);
  await gateway.take([...capturedOf('full'), ...capturedOf('flush')]);
});
const endless = sharedGateway(async (gateway) => {
  for (const [n, batch] of [...usualBatches, ...endlessBatches].entries())
    await gateway.store.apply(batch, `endless ${n}`);
});

/** How something looks, by the width of the window. */
interface Look {
  sideways: Record<number, number>;
  cut: Record<number, Cut>;
  places: Record<number, string[]>;
  fonts: Fonts;
}

interface Looks {
  list: Look;
  endlessList: Look;
  session: Look;
  /** The list, before a font of the page is there. */
  early: Look;
}

async function lookOf(page: Page, part: (width: number) => string): Promise<Look> {
  await page.getByText('Live updates').waitFor();
  const look: Look = { sideways: {}, cut: {}, places: {}, fonts: { own: [], others: [] } };
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    await page.locator(part(width)).first().waitFor();
    // All of them: one that only the text of this width needs would begin to come when this has been measured.
    await page.evaluate('Promise.allSettled([...document.fonts].map((face) => face.load())).then(() => {})');
    look.sideways[width] = await sideways(page);
    look.places[width] = await placesIn(page);
    if ((await page.locator('.sessions').count()) > 0) look.cut[width] = await cutIn(page);
  }
  look.fonts = await fontsIn(page);
  await page.context().close();
  return look;
}

const partOfList = (width: number) => (width < tableFrom ? '.card .end' : '.row .cell-end');

async function looksWith(set: FontSet): Promise<Looks> {
  const fonts = fontEnvironment(set);
  const browser = await launchChromium(fonts.env);
  const open = async (url: string): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.clock.setFixedTime(moment);
    await page.goto(url);
    return page;
  };
  try {
    const list = await lookOf(await open((await usual()).url), partOfList);
    const endlessList = await lookOf(await open((await endless()).url), partOfList);
    const call = await open(`${(await usual()).url}/sessions/AJ_full?turn=2`);
    await call.locator('#turn-2.chosen').waitFor();
    for (const tool of await call.locator('details').all()) await tool.locator('summary').click();
    const session = await lookOf(call, () => '#turn-2');
    const without = await open('about:blank');
    await without.route('**/*.woff2', (route) => route.abort());
    await without.goto((await usual()).url);
    const early = await lookOf(without, partOfList);
    return { list, endlessList, session, early };
  } finally {
    await browser.close();
    fonts.remove();
  }
}

const found = new Map<FontSet, Promise<Looks>>();
function looks(set: FontSet): Promise<Looks> {
  const known = found.get(set) ?? looksWith(set);
  found.set(set, known);
  return known;
}

const everywhere = <T>(value: T, from = 0): Record<number, T> =>
  Object.fromEntries(widths.filter((width) => width >= from).map((width) => [width, value]));

const textsOf = ({ cut }: Look) =>
  Object.fromEntries(Object.entries(cut).map(([width, { texts }]) => [width, texts]));

describe.skipIf(noBrowser).each(fontSets)('on a machine with the fonts of %s', (set) => {
  test('the list cuts nothing', async () => {
    expect(textsOf((await looks(set)).list)).toEqual(everywhere([], tableFrom));
  });

  test('what no window has room for is cut, and only where there is no blank beside it', async () => {
    const { cut } = (await looks(set)).endlessList;
    expect(cut[1024]?.texts).toContain('release-2026-11-27-hotfix.3+build.8842');
    expect(cut[1024]?.texts).not.toContain('participant disconnected');
    for (const [width, { texts, blank }] of Object.entries(cut)) {
      // In halves of pixels, which columns get that nobody needs.
      if (texts.length > 0) expect([width, blank, blank < 4]).toEqual([width, blank, true]);
    }
  });

  test('nothing is wider than the window', async () => {
    const { list, endlessList, session, early } = await looks(set);
    for (const look of [list, endlessList, session, early]) expect(look.sideways).toEqual(everywhere(0));
  });

  test('all text is in the fonts of the page', async () => {
    const { list, session } = await looks(set);
    expect(list.fonts).toEqual({ own: ['Inter'], others: [] });
    expect(session.fonts).toEqual({ own: ['Inter', 'JetBrains Mono'], others: [] });
  });

  test('until its fonts are there, the list cuts nothing at 1440 pixels either', async () => {
    const { early } = await looks(set);
    expect(early.fonts.own).toEqual([]);
    expect(early.cut[1440]?.texts).toEqual([]);
  });

  test('everything is where it is with other fonts', async () => {
    const { list, endlessList, session } = await looks(set);
    const other = await looks(set === 'dejavu' ? 'liberation' : 'dejavu');
    expect(list.places[1440]?.length).toBeGreaterThan(100);
    expect(session.places[1440]?.length).toBeGreaterThan(100);
    expect(list.places).toEqual(other.list.places);
    expect(endlessList.places).toEqual(other.endlessList.places);
    expect(session.places).toEqual(other.session.places);
  });
});
