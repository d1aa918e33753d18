/**
 * A row's link lies over all of it, so that a browser would show none of the hints below: it takes that of what is under
 * the pointer.
 */
export function showHintBelow(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-session]') : null;
  if (!link) return;
  const below = document
    .elementsFromPoint(event.clientX, event.clientY)
    .find((each) => each !== link && each instanceof HTMLElement && each.title !== '');
  link.title = below instanceof HTMLElement ? below.title : '';
}
