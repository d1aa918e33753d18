import { expect, test } from 'vitest';
import type { Timeline, Transcript } from '../../../src/web/api.ts';
import { hitAt } from '../../../src/web/session/timeline/hits.ts';
import { lanes, sceneOf } from '../../../src/web/session/timeline/scene.ts';
import { entriesOf, turnAt } from '../../../src/web/session/transcript/turns.ts';

const turn = (number: number, start: number, items: string[] = []) => ({
  turn: number,
  start,
  end: start + 5,
  items,
  interrupted: false,
  toolCalls: 0,
  toolErrors: 0,
});

const timelineOf = (more: Partial<Timeline>): Timeline => ({
  start: 1000,
  duration: 60,
  turns: [],
  lanes: { user: [], agent: [], thinking: [], tools: [] },
  events: [],
  omitted: 0,
  ...more,
});

test('a tool call has its result and duration', () => {
  const items: Transcript['items'] = [
    { id: 'u', type: 'message', role: 'user', at: 1003, text: 'hi', metrics: { startedSpeakingAt: 1002 } },
    { id: 'c1', type: 'function_call', at: 1004, name: 'one', callId: '1' },
    { id: 'c2', type: 'function_call', at: 1004.5, name: 'two', callId: '2' },
    { id: 'o2', type: 'function_call_output', at: 1005, callId: '2', output: 'second' },
    { id: 'o3', type: 'function_call_output', at: 1006, callId: '3', output: 'of a call that is not there' },
  ];
  const timeline = timelineOf({ turns: [turn(1, 2, ['u', 'c1', 'c2', 'o2', 'o3'])] });
  const [{ entries } = { entries: [] }] = entriesOf({ items, provisional: false, redacted: false }, timeline);
  expect(entries.map((entry) => [entry.key, entry.of, entry.at])).toEqual([
    ['message user 1', 'message', 2],
    ['tool 1 1', 'tool', 4],
    ['tool 2 1', 'tool', 4.5],
    ['tool 3 1', 'tool', 6],
  ]);
  expect(entries[1]).toMatchObject({ output: undefined, seconds: undefined });
  expect(entries[2]).toMatchObject({ output: { output: 'second' }, seconds: 0.5 });
});

test('entries of a turn keep their keys when the conversation replaces the items from spans', () => {
  const keys = (items: Transcript['items']) =>
    entriesOf(
      { items, provisional: true, redacted: false },
      timelineOf({
        turns: [
          turn(
            1,
            2,
            items.map(({ id }) => id),
          ),
        ],
      }),
    ).map(({ entries }) => entries.map(({ key }) => key));
  const provisional: Transcript['items'] = [
    { id: 'span-1', type: 'message', role: 'user', at: 1002, text: 'hi' },
    { id: 'span-2', type: 'message', role: 'assistant', at: 1003, text: 'one moment' },
    { id: 'span-3', type: 'function_call', at: 1004, name: 'look_up' },
    { id: 'span-4', type: 'function_call', at: 1005, name: 'look_up' },
    { id: 'span-5', type: 'message', role: 'assistant', at: 1006, text: 'here it is' },
  ];
  const expected = [
    ['message user 1', 'message assistant 1', 'tool undefined 1', 'tool undefined 2', 'message assistant 2'],
  ];
  expect(keys(provisional)).toEqual(expected);
  expect(keys(provisional.map((item, n) => ({ ...item, id: `item_${n}` })))).toEqual(expected);
});

test('a reply without any speech is distinguished from spoken replies', () => {
  const reply = { type: 'message', role: 'assistant', at: 1004, text: 'hi' } as const;
  const items: Transcript['items'] = [
    { ...reply, id: 'by its item', metrics: { startedSpeakingAt: 1005 } },
    { ...reply, id: 'by its span', metrics: { llmTtft: 0.2 } },
    { ...reply, id: 'never', metrics: { llmTtft: 0.2 } },
  ];
  const lanes = { user: [], agent: [{ start: 6, end: 8, item: 'by its span' }], thinking: [], tools: [] };
  const timeline = timelineOf({ lanes, turns: [turn(1, 2, ['by its item', 'by its span', 'never'])] });
  const unspoken = (transcript: Partial<Transcript>) =>
    entriesOf({ items, provisional: false, redacted: false, ...transcript }, timeline)
      .flatMap(({ entries }) => entries)
      .flatMap((entry) => (entry.of === 'message' && entry.unspoken ? [entry.item.id] : []));
  expect(unspoken({})).toEqual(['never']);
  // In a running call, the reply may still be spoken. An SDK that reports no speech at all proves nothing.
  expect(unspoken({ provisional: true })).toEqual([]);
  expect(unspoken({ items: items.slice(1) })).toEqual([]);
});

test('a user message has the time of its turn, even after an earlier backchannel', () => {
  const metrics = { startedSpeakingAt: 1011 };
  const items: Transcript['items'] = [
    { id: 'u', type: 'message', role: 'user', at: 1028, text: 'mhm. and what does it cost?', metrics },
    { id: 'a', type: 'message', role: 'assistant', at: 1029, metrics: { startedSpeakingAt: 1030 } },
  ];
  const timeline = timelineOf({ turns: [turn(2, 25, ['u', 'a'])] });
  const [{ entries } = { entries: [] }] = entriesOf({ items, provisional: false, redacted: false }, timeline);
  expect(entries.map(({ at }) => at)).toEqual([25, 30]);
});

test('the turn at a time is the last that has begun', () => {
  const turns = [turn(0, 0), turn(1, 4), turn(2, 9)];
  expect([-1, 0, 3.9, 4, 8, 100].map((at) => turnAt(turns, at)?.turn)).toEqual([undefined, 0, 0, 1, 1, 2]);
});

test('a point of the timeline has a text description', () => {
  const timeline = timelineOf({
    turns: [{ ...turn(1, 1), latency: { e2e: 1, from: 3, segments: [{ segment: 'llm', seconds: 1 }] } }],
    lanes: {
      user: [{ start: 1, end: 3, turn: 1 }],
      agent: [{ start: 4, end: 6, turn: 1, interrupted: true }],
      thinking: [{ start: 3, end: 3.5, turn: 1, model: 'gpt-4o', ttft: 0.2 }],
      tools: [{ start: 3.2, end: 3.4, turn: 1, name: 'look_up', isError: true }],
    },
    events: [{ at: 6, kind: 'closed', label: 'user_initiated' }],
  });
  const scene = sceneOf(timeline, undefined);
  const at = (name: string, moment: number) =>
    hitAt(scene, { from: 0, to: 60 }, moment, (lanes.find((lane) => lane.name === name)?.top ?? 0) + 5, 0.1);
  expect(at('user', 2)?.text).toBe('User · 2.00 s · turn 1 · 0:01.0');
  expect(at('agent', 5)?.text).toBe('Agent · interrupted · 2.00 s · turn 1 · 0:04.0');
  expect(at('latency', 3.5)?.text).toBe('Wait: LLM · 1.00 s · turn 1 · 0:03.0');
  expect(at('thinking', 3.1)?.text).toBe('gpt-4o · first token after 200 ms · 500 ms · turn 1 · 0:03.0');
  expect(at('tools', 3.45)?.text).toBe('Tool look_up · failed · 200 ms · turn 1 · 0:03.2');
  expect(at('events', 6.05)?.text).toBe('Closed · user initiated · 0:06.0');
  expect(at('user', 10)).toBeUndefined();
});

test('while the speech times are unknown, a reply is placed after the tools that precede it', () => {
  const items: Transcript['items'] = [
    { id: 'span-1', type: 'message', role: 'assistant', at: 1003, text: 'here it is', provisional: true },
    { id: 'span-2', type: 'function_call', at: 1003.5, name: 'look_up', callId: '1', provisional: true },
  ];
  const timeline = timelineOf({
    turns: [turn(1, 2, ['span-1', 'span-2'])],
    lanes: { user: [], agent: [{ start: 4.25, end: 6, turn: 1 }], thinking: [], tools: [] },
  });
  const [{ entries } = { entries: [] }] = entriesOf({ items, provisional: true, redacted: false }, timeline);
  expect(entries.map(({ of, at }) => [of, at])).toEqual([
    ['tool', 3.5],
    ['message', 4.25],
  ]);
});
