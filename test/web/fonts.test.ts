import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { capturedOf } from '../gateway/uploads.ts';
import { launchChromium, noBrowser } from './chromium.ts';
import { ordinaryBatches, overlongBatches } from './extremes.ts';
import { type FontSet, fontEnvironment, fontSets } from './fonts.ts';
import { sharedGateway } from './gateways.ts';
import {
  type Fonts,
  fontsIn,
  horizontalOverflow,
  positionsIn,
  type Truncation,
  truncatedIn,
} from './layout.ts';

const widths = [390, 1024, 1280, 1440, 1920];
/** The minimum width at which the list is a table. */
const tableFrom = 1024;
/** A fixed time, so that two pages show the same text. */
const moment = Date.now();

const ordinary = sharedGateway(async (gateway) => {
  for (const [n, batch] of ordinaryBatches.entries()) await gateway.store.apply(batch, `ordinary ${n}`);
  await gateway.take([...capturedOf('full'), ...capturedOf('flush')]);
});
const overlong = sharedGateway(async (gateway) => {
  for (const [n, batch] of [...ordinaryBatches, ...overlongBatches].entries())
    await gateway.store.apply(batch, `overlong ${n}`);
});

/** Measured layout of a part of the page, by window width. */
interface Layout {
  horizontalOverflow: Record<number, number>;
  cut: Record<number, Truncation>;
  places: Record<number, string[]>;
  fonts: Fonts;
}

interface Layouts {
  list: Layout;
  overlongList: Layout;
  session: Layout;
  /** The list before the web fonts have loaded. */
  early: Layout;
}

async function layoutOf(page: Page, part: (width: number) => string): Promise<Layout> {
  await page.getByText('Live updates').waitFor();
  const layout: Layout = { horizontalOverflow: {}, cut: {}, places: {}, fonts: { own: [], others: [] } };
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    await page.locator(part(width)).first().waitFor();
    // Load all fonts: otherwise a font used only at this width would load after the measurement.
    await page.evaluate('Promise.allSettled([...document.fonts].map((face) => face.load())).then(() => {})');
    layout.horizontalOverflow[width] = await horizontalOverflow(page);
    layout.places[width] = await positionsIn(page);
    if ((await page.locator('.sessions').count()) > 0) layout.cut[width] = await truncatedIn(page);
  }
  layout.fonts = await fontsIn(page);
  await page.context().close();
  return layout;
}

const partOfList = (width: number) => (width < tableFrom ? '.card .end' : '.row .cell-end');

async function measureLayouts(set: FontSet): Promise<Layouts> {
  const fonts = fontEnvironment(set);
  const browser = await launchChromium(fonts.env);
  const open = async (url: string): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.clock.setFixedTime(moment);
    await page.goto(url);
    return page;
  };
  try {
    const list = await layoutOf(await open((await ordinary()).url), partOfList);
    const overlongList = await layoutOf(await open((await overlong()).url), partOfList);
    const call = await open(`${(await ordinary()).url}/sessions/AJ_full?turn=2`);
    await call.locator('#turn-2.chosen').waitFor();
    for (const tool of await call.locator('details').all()) await tool.locator('summary').click();
    const session = await layoutOf(call, () => '#turn-2');
    const without = await open('about:blank');
    await without.route('**/*.woff2', (route) => route.abort());
    await without.goto((await ordinary()).url);
    const early = await layoutOf(without, partOfList);
    return { list, overlongList, session, early };
  } finally {
    await browser.close();
    fonts.remove();
  }
}

const cache = new Map<FontSet, Promise<Layouts>>();
function layoutsWith(set: FontSet): Promise<Layouts> {
  const cached = cache.get(set) ?? measureLayouts(set);
  cache.set(set, cached);
  return cached;
}

const atAllWidths = <T>(value: T, from = 0): Record<number, T> =>
  Object.fromEntries(widths.filter((width) => width >= from).map((width) => [width, value]));

const textsOf = ({ cut }: Layout) =>
  Object.fromEntries(Object.entries(cut).map(([width, { texts }]) => [width, texts]));

describe.skipIf(noBrowser).each(fontSets)('on a machine with the fonts of %s', (set) => {
  test('the list truncates no text', async () => {
    expect(textsOf((await layoutsWith(set)).list)).toEqual(atAllWidths([], tableFrom));
  });

  test('text too long for any window is truncated only where no unused space is left', async () => {
    const { cut } = (await layoutsWith(set)).overlongList;
    expect(cut[1024]?.texts).toContain('release-2026-11-27-hotfix.3+build.8842');
    expect(cut[1024]?.texts).not.toContain('participant disconnected');
    for (const [width, { texts, blank }] of Object.entries(cut)) {
      // Columns get unneeded fractions of a pixel; the values are in half pixels.
      if (texts.length > 0) expect([width, blank, blank < 4]).toEqual([width, blank, true]);
    }
  });

  test('no content is wider than the window', async () => {
    const { list, overlongList, session, early } = await layoutsWith(set);
    for (const layout of [list, overlongList, session, early])
      expect(layout.horizontalOverflow).toEqual(atAllWidths(0));
  });

  test('all text uses the fonts of the page', async () => {
    const { list, session } = await layoutsWith(set);
    expect(list.fonts).toEqual({ own: ['Inter'], others: [] });
    expect(session.fonts).toEqual({ own: ['Inter', 'JetBrains Mono'], others: [] });
  });

  test('before its fonts have loaded, the list truncates no text at 1440 pixels', async () => {
    const { early } = await layoutsWith(set);
    expect(early.fonts.own).toEqual([]);
    expect(early.cut[1440]?.texts).toEqual([]);
  });

  test('positions do not depend on the fonts of the machine', async () => {
    const { list, overlongList, session } = await layoutsWith(set);
    const other = await layoutsWith(set === 'dejavu' ? 'liberation' : 'dejavu');
    expect(list.places[1440]?.length).toBeGreaterThan(100);
    expect(session.places[1440]?.length).toBeGreaterThan(100);
    expect(list.places).toEqual(other.list.places);
    expect(overlongList.places).toEqual(other.overlongList.places);
    expect(session.places).toEqual(other.session.places);
  });
});
