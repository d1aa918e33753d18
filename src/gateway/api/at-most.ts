import type { RequestHandler } from 'express';

/** Lets so many requests at a time through; the others are answered with 503, and may ask again. */
export function atMost(most: number): RequestHandler {
  let running = 0;
  return (_request, response, next) => {
    if (running >= most) {
      response
        .status(503)
        .set('Retry-After', '1')
        .json({ error: 'Too many others ask for this now; ask again' });
      return;
    }
    running++;
    response.once('close', () => running--);
    next();
  };
}
