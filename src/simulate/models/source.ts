import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';

/** A stream and the two things that its maker does with it; both are harmless once its reader has gone. */
export interface Source<T> {
  stream: ReadableStream<T>;
  put(value: T): void;
  end(): void;
}

export function source<T>(): Source<T> {
  let controller!: ReadableStreamDefaultController<T>;
  let open = true;
  const stream = new ReadableStream<T>({
    start: (own) => {
      controller = own;
    },
    cancel: () => {
      open = false;
    },
  });
  return {
    stream,
    put: (value) => {
      if (open) controller.enqueue(value);
    },
    end: () => {
      if (open) controller.close();
      open = false;
    },
  };
}
