import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { KeyboardIcon } from './icons.tsx';

/** Whether a key means the page, and not a field, a dialog, the browser, or what has the focus. */
export function isPageShortcut(event: KeyboardEvent): boolean {
  const { target, defaultPrevented, ctrlKey, metaKey, altKey } = event;
  if (defaultPrevented || ctrlKey || metaKey || altKey) return false;
  // Also when nothing in the dialog has the focus.
  if (document.querySelector('dialog[open]')) return false;
  return !(target instanceof Element && target.closest('input, select, textarea, [contenteditable]'));
}

/** Follows keys as long as the component is there. */
export function useKeys(steps: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isPageShortcut(event)) return;
      const { key, target } = event;
      const onControl = target instanceof Element && target.closest('button, a, summary, [role=tab]');
      // What has the focus takes a space or an arrow first.
      if (onControl && (key === ' ' || (key.startsWith('Arrow') && onControl.matches('[role=tab]')))) return;
      const name = event.shiftKey && key.startsWith('Arrow') ? `Shift+${key}` : key;
      const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
      if (!step) return;
      event.preventDefault();
      step();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}

type Shortcut = readonly [key: string, does: string];

interface Registered {
  current: readonly Shortcut[];
}

const ShortcutsContext = createContext<Registered>({ current: [] });

export const ShortcutsProvider = ShortcutsContext.Provider;

/** Tells the keys of a view to whoever asks for them. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const registered = useContext(ShortcutsContext);
  useEffect(() => {
    registered.current = shortcuts;
  }, [registered, shortcuts]);
}

/** A button, and the key `?`, that show the keys of the view. */
export function ShortcutsHelp() {
  const registered = useContext(ShortcutsContext);
  const dialog = useRef<HTMLDialogElement>(null);
  const [shown, setShown] = useState<readonly Shortcut[]>([]);

  const show = () => {
    setShown([...registered.current, ['?', 'Keyboard shortcuts']]);
    dialog.current?.showModal();
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== '?' || !isPageShortcut(event)) return;
      event.preventDefault();
      show();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });

  return (
    <>
      <button
        type="button"
        class="icon-button pointer-only"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={show}
      >
        <KeyboardIcon />
      </button>
      <dialog ref={dialog} class="dialog" aria-labelledby="shortcuts-title">
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <dl class="shortcuts">
          {shown.map(([key, does]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  );
}
