import { expect, test, vi } from 'vitest';
import { ApiError, type SessionPage, type Summary } from '../../../src/web/api.ts';
import { type Load, Rows } from '../../../src/web/list/rows.ts';
import { visibleRange } from '../../../src/web/list/viewport.ts';

const row = (id: string, turns = 0) => ({ id, turns }) as Summary;

/** A mock server with a mutable list and a log of its requests. */
function server(ids: string[]) {
  const state = { ids, asked: [] as number[], fails: undefined as ApiError | undefined };
  const load: Load = async ({ offset, limit }): Promise<SessionPage> => {
    state.asked.push(offset);
    if (state.fails) throw state.fails;
    const sessions = state.ids.slice(offset, offset + limit).map((id) => row(id));
    return { total: state.ids.length, limit, offset, sessions };
  };
  return { ...state, state, load };
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`);

async function loadedRows(ids: string[]) {
  const { load, state } = server(ids);
  const changed = vi.fn();
  const rows = new Rows(load, changed);
  rows.want(0, 40);
  await vi.waitFor(() => expect(rows.total).toBe(ids.length));
  return { rows, state, changed };
}

test('only rows near the visible ones are requested', async () => {
  const { rows, state } = await loadedRows(names(10_000));
  expect(state.asked).toEqual([0]);
  expect([rows.at(0)?.id, rows.at(99)?.id, rows.at(100)]).toEqual(['s0', 's99', undefined]);
  rows.want(5_080, 5_120);
  await vi.waitFor(() => expect(rows.at(5_120)?.id).toBe('s5120'));
  expect(state.asked).toEqual([0, 5000, 5100]);
  rows.want(5_085, 5_125);
  expect(state.asked).toEqual([0, 5000, 5100]);
});

test('a changed session is updated in place; other changes are reported', async () => {
  const { rows, changed } = await loadedRows(names(3));
  changed.mockClear();
  expect(rows.patch([row('s1', 7), row('new')]).map(({ id }) => id)).toEqual(['new']);
  expect([rows.at(1)?.turns, changed.mock.calls.length]).toEqual([7, 1]);
});

test('a reload shows the old rows until the response arrives', async () => {
  const { rows, state } = await loadedRows(names(150));
  state.ids = ['new', ...names(150)];
  rows.refresh();
  expect(rows.at(0)?.id).toBe('s0');
  await vi.waitFor(() => expect(rows.at(0)?.id).toBe('new'));
  expect([rows.total, rows.indexOf('s0')]).toEqual([151, 1]);
});

test('a list that became shorter has no rows beyond its end', async () => {
  const { rows, state } = await loadedRows(names(250));
  rows.want(200, 249);
  await vi.waitFor(() => expect(rows.at(249)?.id).toBe('s249'));
  state.ids = names(20);
  rows.want(0, 40);
  rows.refresh();
  await vi.waitFor(() => expect(rows.total).toBe(20));
  expect(rows.at(249)).toBeUndefined();
});

test('an error is shown beside the existing rows, and removed after a successful response', async () => {
  const { rows, state } = await loadedRows(names(3));
  state.fails = new ApiError(500, 'The gateway failed');
  rows.refresh();
  await vi.waitFor(() => expect(rows.error?.message).toBe('The gateway failed'));
  expect(rows.at(0)?.id).toBe('s0');
  state.fails = undefined;
  rows.refresh();
  await vi.waitFor(() => expect(rows.loading).toBe(false));
  expect(rows.error).toBeUndefined();
});

test.each([
  ['at the top', 200, 0, 28],
  ['further down', -44_000, 988, 1033],
  ['at the end', -439_500, 9_976, 10_000],
])('rows in sight, %s', (_where, top, first, end) =>
  expect(visibleRange(top, 900, 44, 10_000)).toEqual({ first, end }),
);
