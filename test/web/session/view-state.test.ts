import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatViewState, parseViewState, tabs } from '../../../src/web/session/view-state.ts';

const stateIn = (search: string) => parseViewState(new URLSearchParams(search));

test.each([
  ['', { tab: 'transcript', turn: undefined, at: undefined }],
  ['?tab=logs', { tab: 'logs', turn: undefined, at: undefined }],
  ['?turn=3&t=12.5', { tab: 'transcript', turn: 3, at: 12.5 }],
  ['?turn=0&t=0', { tab: 'transcript', turn: 0, at: 0 }],
  ['?tab=secrets&turn=2.5&t=-1', { tab: 'transcript', turn: undefined, at: undefined }],
  ['?turn=&t=soon', { tab: 'transcript', turn: undefined, at: undefined }],
  ['?turn=Infinity&t=NaN', { tab: 'transcript', turn: undefined, at: undefined }],
])('%s', (search, expected) => {
  expect(stateIn(search)).toEqual(expected);
});

test('a URL restores the view state from which it was made', () => {
  const state = fc.record({
    tab: fc.constantFrom(...tabs),
    turn: fc.option(fc.nat({ max: 5000 }), { nil: undefined }),
    at: fc.option(
      fc.nat({ max: 100_000 }).map((tenths) => tenths / 10),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(state, (there) => {
      expect(stateIn(formatViewState(there))).toEqual(there);
    }),
  );
});
