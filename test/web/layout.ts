import type { Page } from 'playwright-core';

export interface Cut {
  /** What is cut. */
  texts: string[];
  /** How many pixels of the row are in columns that need them for nothing in sight. */
  blank: number;
}

/** What is cut in the table of sessions, and whether there would be room for it. */
export const cutIn = (page: Page): Promise<Cut> =>
  page.evaluate(`(() => {
    const rows = [...document.querySelectorAll('.sessions thead tr:first-child, .sessions .row')];
    const columns = rows[0].cells.length;
    const isCut = (element) => element.scrollWidth > element.clientWidth && element.clientWidth > 0;
    const texts = rows.flatMap((row) => [...row.cells])
      .filter((cell) => [cell, ...cell.querySelectorAll('span, button')].some(isCut))
      .map((cell) => cell.textContent);
    // From where what is written or drawn in a cell begins to where it would end.
    const widthOf = (cell) => {
      const boxes = [...cell.querySelectorAll('svg, .dot')].map((drawn) => drawn.getBoundingClientRect());
      const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        boxes.push(range.getBoundingClientRect());
      }
      const there = boxes.filter(({ width }) => width > 0);
      if (there.length === 0) return 0;
      return Math.max(...there.map(({ right }) => right)) - Math.min(...there.map(({ left }) => left));
    };
    const blankOf = (cell) => {
      const { paddingLeft, paddingRight } = getComputedStyle(cell);
      const room = cell.getBoundingClientRect().width - parseFloat(paddingLeft) - parseFloat(paddingRight);
      return Math.max(0, room - widthOf(cell));
    };
    let blank = 0;
    for (let n = 0; n < columns; n++) blank += Math.min(...rows.map((row) => blankOf(row.cells[n])));
    return { texts, blank };
  })()`);

/** How far a page can be scrolled sideways, in pixels. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/**
 * Where everything is that is shown: each element's name, left, top, width and height, in pixels, on a page at its top, laid
 * out as a whole: how far it is scrolled depends on when the chosen turn came, and what is far away has the size that it had
 * when it was near. The playhead is left out: it moves with time.
 */
export const placesIn = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    for (const element of document.querySelectorAll('*')) {
      if (getComputedStyle(element).contentVisibility === 'auto') element.style.contentVisibility = 'visible';
    }
    for (const element of document.querySelectorAll('*')) element.scrollTo({ top: 0, left: 0, behavior: 'instant' });
    return [...document.querySelectorAll('body *:not(.playhead)')].flatMap((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const place = [left, top, width, height].map((pixels) => pixels.toFixed(1)).join(' ');
      return width > 0 ? [element.localName + '.' + element.getAttribute('class') + ' ' + place] : [];
    });
  })()`);

/** The fonts in which text is shown: those of the page, and those of the machine. */
export interface Fonts {
  own: string[];
  others: string[];
}

export async function fontsIn(page: Page): Promise<Fonts> {
  const session = await page.context().newCDPSession(page);
  await session.send('DOM.enable');
  await session.send('CSS.enable');
  const { root } = await session.send('DOM.getDocument');
  // It tells of an element and what is just below.
  const { nodeIds } = await session.send('DOM.querySelectorAll', { nodeId: root.nodeId, selector: 'body *' });
  const told = await Promise.all(
    nodeIds.map((nodeId) => session.send('CSS.getPlatformFontsForNode', { nodeId })),
  );
  const fonts = told.flatMap((each) => each.fonts);
  await session.detach();
  const names = (custom: boolean) =>
    [
      ...new Set(fonts.filter((font) => font.isCustomFont === custom).map((font) => font.familyName)),
    ].toSorted();
  return { own: names(true), others: names(false) };
}
