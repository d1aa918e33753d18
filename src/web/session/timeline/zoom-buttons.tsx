import { useEffect } from 'preact/hooks';
import { isForThePage } from '../../keys.ts';

interface ZoomButtonsProps {
  /** Whether all of it is seen. */
  whole: boolean;
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
}

/** How much of the axis is seen; also with the keys +, − and 0. */
export function ZoomButtons({ whole, zoomIn, zoomOut, fit }: ZoomButtonsProps) {
  useEffect(() => {
    const steps: Readonly<Record<string, () => void>> = { '+': zoomIn, '=': zoomIn, '-': zoomOut, 0: fit };
    const onKeyDown = (event: KeyboardEvent) => {
      const step = isForThePage(event) && Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
      if (!step) return;
      event.preventDefault();
      step();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
  return (
    <div class="timeline-zoom">
      <button type="button" class="icon-button" aria-label="Zoom in" title="Zoom in (+)" onClick={zoomIn}>
        +
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Zoom out"
        title="Zoom out (−)"
        disabled={whole}
        onClick={zoomOut}
      >
        −
      </button>
      <button type="button" class="button" title="All of it (0)" disabled={whole} onClick={fit}>
        All
      </button>
    </div>
  );
}
