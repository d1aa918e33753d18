import { profiles } from '../catalogue/objectives.ts';

/** Formats of numbers and times. Nothing here depends on the DOM. */

/** The placeholder for a missing value. */
export const none = '–';

/** `8 s`, `4:05`, `1:02:09`; seconds. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** `0.84 s`, `12.3 s`; seconds. */
export function formatLatency(seconds: number | undefined): string {
  if (seconds === undefined) return none;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** `$0.0031`, `$1.24`, `$1,234.56`: cents of a call matter, and its dollars. US dollars. */
export function formatCost(usd: number | undefined): string {
  if (usd === undefined) return none;
  if (usd === 0) return '$0';
  if (usd < 0.0001) return '<$0.0001';
  const digits = usd < 0.1 ? 4 : 2;
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** `10,000` */
export const formatCount = (count: number): string => count.toLocaleString('en-US');

/** `input tokens 4,899`, `audio duration 31.7 s`; by the SDK's names, of which only those of durations lack a unit. */
export function formatAmount(name: string, amount: number): string {
  const unit = name.endsWith('_duration') ? ' s' : '';
  return `${name.replaceAll('_', ' ').replace(/ count$/, '')} ${formatCount(amount)}${unit}`;
}

/** `participant_disconnected` → `participant disconnected`; the SDK's reason without underscores. */
export const formatReason = (reason: string): string => reason.replaceAll('_', ' ');

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

/** `14:03:21` */
export const formatTime = (unix: number): string => time.format(unix * 1000);

/** `Today`, `Yesterday`, `3 Mar`, `3 Mar 2025`, in the local time zone. Both are unix seconds. */
export function formatDay(unix: number, now: number): string {
  const then = new Date(unix * 1000);
  const today = new Date(now * 1000);
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(today) - midnight(then)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (then.getFullYear() === today.getFullYear() ? day : dayOfYear).format(then);
}

/** `Friday, 27 November 2026 at 14:03:21 CET` */
export const formatMoment = (unix: number): string => full.format(unix * 1000);

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

const { turnLatency, turnLatencyTail } = profiles.standard;

/** The thresholds of latencies, in seconds: the objectives of the standard profile. */
export const latencyLimits = { slow: turnLatency.seconds, 'too-slow': turnLatencyTail.seconds } as const;

/** The class of a latency in seconds by these thresholds; undefined if it is below. */
export function latencyClass(seconds: number | undefined): keyof typeof latencyLimits | undefined {
  if (seconds === undefined || seconds <= latencyLimits.slow) return undefined;
  return seconds <= latencyLimits['too-slow'] ? 'slow' : 'too-slow';
}
