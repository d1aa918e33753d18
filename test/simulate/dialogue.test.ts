import { describe, expect, test } from 'vitest';
import {
  acknowledgements,
  interjections,
  nudges,
  Script,
  type Topics,
  topics,
} from '../../src/simulate/dialogue.ts';

describe('the script of a conversation', () => {
  const greeting = [{ text: 'Hello.' }];

  test('greets when nobody has said anything', () => {
    expect(new Script(greeting).step(undefined, 0)).toEqual({ text: 'Hello.' });
  });

  test('answers what was said, step by step after each round of tools', () => {
    const script = new Script(greeting);
    const lookup = { name: 'search_rooms', args: { nights: 2 } };
    script.expect('do you have a room', [{ tools: [lookup] }, { text: 'Yes.' }]);
    expect(script.step('do you have a room', 0)).toEqual({ tools: [lookup] });
    expect(script.step('do you have a room', 1)).toEqual({ text: 'Yes.' });
    expect(script.step('do you have a room', 2)).toEqual({ text: 'Yes.' });
  });

  test('goes by what was said last when the SDK joins several breaths', () => {
    const script = new Script(greeting);
    script.expect('where is my order', [{ text: 'On its way.' }]);
    script.expect('hold on a moment please', [{ text: 'Of course.' }]);
    expect(script.step('where is my order hold on a moment please', 0)).toEqual({ text: 'Of course.' });
  });

  test('asks again when it did not understand', () => {
    expect(new Script(greeting).step('blah', 0)).toEqual({ text: 'Sorry, could you say that again?' });
  });

  test('lets a step that fails once fail for one request only', () => {
    const script = new Script(greeting);
    const step = { text: 'Yes.', fault: 'once' as const };
    expect([script.failsNow(step), script.failsNow(step)]).toEqual([true, false]);
    expect(script.failsNow({ text: 'Yes.' })).toBe(false);
  });
});

describe('what callers say', () => {
  const lists: readonly Topics[] = Object.values(topics);

  test('never ends like something else that they say, so that each finds its answer', () => {
    for (const { topics: list, farewell } of lists) {
      const said = [...list.map(({ says }) => says), farewell.says, ...interjections, ...nudges];
      const clashes = said.flatMap((a) => said.filter((b) => a !== b && a.endsWith(b)));
      expect(clashes).toEqual([]);
      expect(new Set(said).size).toBe(said.length);
    }
  });

  test('includes something with a tool and something without one, for every agent', () => {
    for (const { topics: list } of lists) {
      expect(list.some(({ tool }) => tool)).toBe(true);
      expect(list.some(({ tool }) => !tool)).toBe(true);
    }
    expect(acknowledgements.length).toBeGreaterThan(0);
  });
});
