import type { Readiness } from '../http/metrics-server.ts';
import { NoRoom, type Spool } from './spool/spool.ts';

/** Milliseconds for which an answer holds: whoever asks, the disk is written to once a second at most. */
const fresh = 1000;

const reasons = {
  spool_full: 'the spool is full: uploads are refused until some are taken up',
  disk_full: 'the disk is full: uploads are refused until there is room; see --min-free-mb',
} as const;

/**
 * Whether the gateway takes uploads: its spool can be written, and has room, and so has the disk. That its index is loaded needs
 * no check: before it is, the gateway does not listen.
 */
export function createReadiness(spool: Spool): () => Promise<Readiness> {
  let checked: { at: number; state: Promise<Readiness> } | undefined;
  const check = async (): Promise<Readiness> => {
    try {
      await spool.check();
      return { ready: true };
    } catch (error) {
      if (error instanceof NoRoom) return { ready: false, reason: reasons[error.reason] };
      const { code, name } = error as NodeJS.ErrnoException;
      return { ready: false, reason: `the spool cannot be written (${code ?? name})` };
    }
  };
  return () => {
    const now = performance.now();
    if (!checked || now - checked.at > fresh) checked = { at: now, state: check() };
    return checked.state;
  };
}
