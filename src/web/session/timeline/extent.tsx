import { useRef } from 'preact/hooks';
import { type Window, wholeOf } from './axis.ts';

interface ExtentProps {
  window: Window;
  duration: number;
  /** Moves what is seen, to begin at a moment. */
  move(from: number): void;
}

/** Which part of the whole is seen: a bar to pull, as that of a list. Keys have the position, which what is seen follows. */
export function Extent({ window: { from, to }, duration, move }: ExtentProps) {
  const track = useRef<HTMLDivElement>(null);
  const whole = wholeOf(duration).to;
  const share = (seconds: number) => `${(100 * seconds) / whole}%`;
  const follow = (event: PointerEvent) => {
    event.stopPropagation();
    const box = track.current?.getBoundingClientRect();
    if (!box || event.buttons === 0) return;
    track.current?.setPointerCapture(event.pointerId);
    move(((event.clientX - box.left) / box.width) * whole - (to - from) / 2);
  };
  return (
    <div
      ref={track}
      class="extent"
      role="presentation"
      onPointerDown={follow}
      onPointerMove={follow}
      onPointerUp={(event) => event.stopPropagation()}
    >
      <div class="extent-seen" style={{ left: share(from), width: share(to - from) }} />
    </div>
  );
}
