/** `0:07`, `12:34`, `1:02:03`; with `decimals`, `0:07.25`. Seconds on the axis. */
export function formatClock(seconds: number, decimals = 0): string {
  const scale = 10 ** decimals;
  const units = Math.round(Math.max(0, seconds) * scale);
  const whole = Math.floor(units / scale);
  const two = (n: number) => String(n).padStart(2, '0');
  const fraction = decimals > 0 ? `.${String(units % scale).padStart(decimals, '0')}` : '';
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const clock = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${clock}:${two(whole % 60)}${fraction}`;
}

/** `4 ms`, `152 ms`, `1.25 s`, `2:05`; seconds. */
export function formatSpan(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 2 : 1)} s` : formatClock(seconds);
}
