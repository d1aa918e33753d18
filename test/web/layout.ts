import type { Page } from 'playwright-core';

export interface Truncation {
  /** The truncated texts. */
  texts: string[];
  /** Pixels of the row that are unused by the visible content of their columns. */
  blank: number;
}

/** The truncated texts in the table of sessions, and the unused space. */
export const truncatedIn = (page: Page): Promise<Truncation> =>
  page.evaluate(`(() => {
    const rows = [...document.querySelectorAll('.sessions thead tr:first-child, .sessions .row')];
    const columns = rows[0].cells.length;
    const isCut = (element) => element.scrollWidth > element.clientWidth && element.clientWidth > 0;
    const texts = rows.flatMap((row) => [...row.cells])
      .filter((cell) => [cell, ...cell.querySelectorAll('span, button')].some(isCut))
      .map((cell) => cell.textContent);
    // The width of the content of a cell, including the part that is cut off.
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

/** How far a page can be scrolled horizontally, in pixels. */
export const horizontalOverflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/**
 * The positions of all visible elements: name, left, top, width and height, in pixels. The page is scrolled to its top and
 * rendered completely, because the scroll position depends on when the selected turn loaded, and distant content keeps
 * the size that it had when it was last visible. The playhead is left out, because it moves.
 */
export const positionsIn = (page: Page): Promise<string[]> =>
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

/** The fonts of the visible text: web fonts, and fonts of the machine. */
export interface Fonts {
  own: string[];
  others: string[];
}

export async function fontsIn(page: Page): Promise<Fonts> {
  const session = await page.context().newCDPSession(page);
  await session.send('DOM.enable');
  await session.send('CSS.enable');
  const { root } = await session.send('DOM.getDocument');
  // The protocol reports an element and its direct children.
  const { nodeIds } = await session.send('DOM.querySelectorAll', { nodeId: root.nodeId, selector: 'body *' });
  const responses = await Promise.all(
    nodeIds.map((nodeId) => session.send('CSS.getPlatformFontsForNode', { nodeId })),
  );
  const fonts = responses.flatMap((each) => each.fonts);
  await session.detach();
  const names = (custom: boolean) =>
    [
      ...new Set(fonts.filter((font) => font.isCustomFont === custom).map((font) => font.familyName)),
    ].toSorted();
  return { own: names(true), others: names(false) };
}
