import { expect, test } from 'vitest';
import { attributesText, originOf, uniqueValues, without } from '../../../src/web/session/log-attributes.ts';

const line = (more: Record<string, unknown>) => ({
  attributes: { job_id: 'AJ_1', 'logger.name': 'livekit.agents', 'process.pid': 7, ...more },
});

test('a line shows only attributes that differ from those of most lines', () => {
  const lines = [line({ llm: 'one' }), line({ llm: 'one' }), line({ 'logger.name': 'mine', llm: 'one' })];
  const origin = originOf(lines);
  expect(origin).toEqual({ job_id: 'AJ_1', 'logger.name': 'livekit.agents', 'process.pid': 7 });
  expect(lines.map(({ attributes }) => attributesText(without(attributes, origin)))).toEqual([
    'llm=one',
    'llm=one',
    'logger.name=mine llm=one',
  ]);
});

test('an attribute with several names is shown once', () => {
  const origin = originOf([line({ jobID: 'AJ_1', room_id: 'RM_1' })]);
  expect(attributesText(uniqueValues(origin))).toBe(
    'room_id=RM_1 job_id=AJ_1 logger.name=livekit.agents process.pid=7',
  );
});

test('without lines, the origin is empty', () => expect(originOf([])).toEqual({}));

test('values other than strings are formatted as JSON', () => {
  expect(attributesText({ error: 'card declined', of: { n: [1] } })).toBe('error=card declined of={"n":[1]}');
});
