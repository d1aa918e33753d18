import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ChevronIcon } from '../icons.tsx';

interface MenuProps {
  name: string;
  /** What is chosen, in a word or two. */
  chosen?: string;
  children: ComponentChildren;
  /** Called when it opens. */
  onOpen?: () => void;
}

/** A button, and what it opens below itself. Escape, a click elsewhere, or going on with Tab closes it. */
export function Menu({ name, chosen, children, onOpen }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      setOpen(false);
      root.current?.querySelector<HTMLElement>('.menu-button')?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    root.current?.querySelector<HTMLElement>('.menu-panel :is(input, select, button)')?.focus();
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);

  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class={chosen === undefined ? 'menu-button' : 'menu-button menu-set'}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          if (!open) onOpen?.();
          setOpen(!open);
        }}
      >
        {name}
        {chosen !== undefined && <span class="menu-chosen">{chosen}</span>}
        <ChevronIcon />
      </button>
      {open && (
        <fieldset class="menu-panel" id={id}>
          <legend class="hidden">{name}</legend>
          {children}
        </fieldset>
      )}
    </div>
  );
}
