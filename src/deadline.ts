/**
 * The result of `work`, or of `late` if `work` takes longer than `ms` milliseconds; what the first of them throws is thrown. The
 * work itself goes on.
 */
export async function withDeadline<T, L>(ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<L>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    }, ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the work ended within `ms` milliseconds, by success or failure. Never rejects. */
export const settlesWithin = (ms: number, work: Promise<unknown>): Promise<boolean> =>
  withDeadline(
    ms,
    work.then(
      () => true,
      () => true,
    ),
    () => false,
  );
