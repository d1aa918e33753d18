/** Whether a key means the page, and not a field, a dialog, the browser, or what has the focus. */
export function isForThePage(event: KeyboardEvent): boolean {
  const { target, defaultPrevented, ctrlKey, metaKey, altKey } = event;
  if (defaultPrevented || ctrlKey || metaKey || altKey) return false;
  // Also when nothing in the dialog has the focus.
  if (document.querySelector('dialog[open]')) return false;
  return !(target instanceof Element && target.closest('input, select, textarea, [contenteditable]'));
}
