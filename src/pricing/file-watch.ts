import { statSync } from 'node:fs';

/** What tells one state of a file from the next; that it is missing is one, too. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/**
 * Calls `changed` when a file has changed since this call. Returns what stops the watching, which keeps no process
 * alive.
 *
 * Polls, as for certificates: a mounted ConfigMap changes by the exchange of a symbolic link. Not with `watchFile`,
 * which looks for the first time some moments later, and misses what happens until then.
 */
export function watchForChange(file: string, intervalMs: number, changed: () => void): () => void {
  let state = stateOf(file);
  const timer = setInterval(() => {
    const current = stateOf(file);
    if (current === state) return;
    state = current;
    changed();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
