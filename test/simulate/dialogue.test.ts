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

  test('greets first', () => {
    expect(new Script(greeting).step(undefined, 0)).toEqual({ text: 'Hello.' });
  });

  test('answers the last message, step by step after each round of tool calls', () => {
    const script = new Script(greeting);
    const lookup = { name: 'search_rooms', args: { nights: 2 } };
    script.expect('do you have a room', [{ tools: [lookup] }, { text: 'Yes.' }]);
    expect(script.step('do you have a room', 0)).toEqual({ tools: [lookup] });
    expect(script.step('do you have a room', 1)).toEqual({ text: 'Yes.' });
    expect(script.step('do you have a room', 2)).toEqual({ text: 'Yes.' });
  });

  test('uses the last utterance when the SDK joins several', () => {
    const script = new Script(greeting);
    script.expect('where is my order', [{ text: 'On its way.' }]);
    script.expect('hold on a moment please', [{ text: 'Of course.' }]);
    expect(script.step('where is my order hold on a moment please', 0)).toEqual({ text: 'Of course.' });
  });

  test('asks again after an unknown message', () => {
    expect(new Script(greeting).step('blah', 0)).toEqual({ text: 'Sorry, could you say that again?' });
  });

  test('lets a step that fails once fail for one request only', () => {
    const script = new Script(greeting);
    const step = { text: 'Yes.', fault: 'once' as const };
    expect([script.failsNow(step), script.failsNow(step)]).toEqual([true, false]);
    expect(script.failsNow({ text: 'Yes.' })).toBe(false);
  });
});

describe('the utterances of callers', () => {
  const lists: readonly Topics[] = Object.values(topics);

  test('have distinct endings, so that each has its own answer', () => {
    for (const { topics: list, farewell } of lists) {
      const said = [...list.map(({ says }) => says), farewell.says, ...interjections, ...nudges];
      const clashes = said.flatMap((a) => said.filter((b) => a !== b && a.endsWith(b)));
      expect(clashes).toEqual([]);
      expect(new Set(said).size).toBe(said.length);
    }
  });

  test('include one with a tool call and one without for every agent', () => {
    for (const { topics: list } of lists) {
      expect(list.some(({ tool }) => tool)).toBe(true);
      expect(list.some(({ tool }) => !tool)).toBe(true);
    }
    expect(acknowledgements.length).toBeGreaterThan(0);
  });
});
