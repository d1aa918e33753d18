import type { Lane } from './lanes.ts';
import type { Painting, Scale } from './painting.ts';

/** Draws the waveform of a lane's channel: of each pixel the lowest and the highest of its buckets. */
export function paintWave(
  context: CanvasRenderingContext2D,
  lane: Lane,
  { scene, window, width }: Painting,
  colour: string,
  x: Scale,
): void {
  const { peaks, audioOffset, loudest } = scene;
  const channel = peaks?.channels.find(({ of }) => of === lane.name || of === 'both');
  if (!peaks || !channel) return;
  const half = lane.height / 2;
  const middle = lane.top + half;
  const unit = (half - 1) / loudest;
  const left = Math.max(0, Math.floor(x(audioOffset)));
  const right = Math.min(width, Math.ceil(x(audioOffset + peaks.duration)));
  const perPixel = (window.to - window.from) / width / peaks.bucketSeconds;
  const first = (window.from - audioOffset) / peaks.bucketSeconds;
  context.fillStyle = colour;
  for (let at = left; at < right; at++) {
    const from = Math.max(0, Math.floor(first + at * perPixel));
    const to = Math.min(channel.max.length, Math.max(from + 1, Math.floor(first + (at + 1) * perPixel)));
    let [low, high] = [0, 0];
    for (let bucket = from; bucket < to; bucket++) {
      low = Math.min(low, channel.min[bucket] ?? 0);
      high = Math.max(high, channel.max[bucket] ?? 0);
    }
    [low, high] = [Math.max(low, -loudest), Math.min(high, loudest)];
    if (high - low > 1) context.fillRect(at, middle - high * unit, 1, Math.max(1, (high - low) * unit));
  }
}
