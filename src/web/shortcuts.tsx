import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { KeyboardIcon } from './icons.tsx';

/** Whether a key is for the page, and not for a field, a dialog or the browser. */
export function isPageShortcut(event: KeyboardEvent): boolean {
  const { target, defaultPrevented, ctrlKey, metaKey, altKey } = event;
  if (defaultPrevented || ctrlKey || metaKey || altKey) return false;
  // Even if nothing in the dialog has the focus.
  if (document.querySelector('dialog[open]')) return false;
  return !(target instanceof Element && target.closest('input, select, textarea, [contenteditable]'));
}

/** Handles keys while the component is mounted. */
export function useKeys(steps: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isPageShortcut(event)) return;
      const { key, target } = event;
      const onControl = target instanceof Element && target.closest('button, a, summary, [role=tab]');
      // A focused control handles space and arrows itself.
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

/** Registers the shortcuts of a view for the help dialog. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const registered = useContext(ShortcutsContext);
  useEffect(() => {
    registered.current = shortcuts;
  }, [registered, shortcuts]);
}

/** A button, and the key `?`, that show the shortcuts of the view. */
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
