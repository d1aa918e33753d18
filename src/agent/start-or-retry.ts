/** What runs until it is closed. */
interface Closable {
  close(): Promise<void>;
}

export interface RetryOptions<T extends Closable> {
  /** Starts it; rejects while the system refuses. */
  start(): Promise<T>;
  /** Whether the first refusal is thrown. Decides for each error: what a wrong option causes stays wrong. */
  throws(error: Error): boolean;
  /** Called for the first refusal, if it is not thrown. Later ones are not reported. */
  refused(error: Error): void;
  /** Called when it runs: `late` after at least one refusal. */
  started(value: T, late: boolean): void;
  /**
   * Milliseconds between two attempts. A port may be taken for an hour, while the worker before this one drains.
   * @default 15000
   */
  intervalMs?: number;
}

export interface Retried<T> {
  /** Undefined while the system refuses it. */
  readonly current: T | undefined;
  /** Stops the retries, and closes what was started. */
  close(): Promise<void>;
}

/**
 * Starts something that the system may refuse now and allow later, such as a port or a socket. Unless the first refusal is
 * thrown, it retries until it succeeds. The retries do not keep the process alive.
 */
export async function startOrRetry<T extends Closable>(options: RetryOptions<T>): Promise<Retried<T>> {
  const { start, throws, refused, started, intervalMs = 15_000 } = options;
  let current: T | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  async function attempt(late: boolean): Promise<void> {
    const value = await start();
    if (closed) return value.close();
    current = value;
    started(value, late);
  }
  function retryLater(): void {
    if (closed) return;
    retry = setTimeout(() => void attempt(true).catch(retryLater), intervalMs).unref();
  }

  try {
    await attempt(false);
  } catch (error) {
    if (throws(error as Error)) throw error;
    refused(error as Error);
    retryLater();
  }
  return {
    get current() {
      return current;
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await current?.close();
    },
  };
}
