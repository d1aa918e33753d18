import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { KeyboardIcon } from './icons.tsx';
import { isForThePage } from './keys.ts';

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
    setShown([...registered.current, ['?', 'These keys']]);
    dialog.current?.showModal();
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== '?' || !isForThePage(event)) return;
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
        <h2 id="shortcuts-title">Keys</h2>
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
