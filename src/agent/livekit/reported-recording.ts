import type { SessionReport } from '../reports/schema.ts';
import type { JobRecording } from './job-recordings.ts';
import type { Texts } from './plain-event.ts';

/**
 * What a report says of a recording. What egress says of an error may quote anything, and a place may hold the room's
 * name: both are content.
 *
 * @param room its name, as far as it is known
 */
export function reportedRecording(
  { location, error, ...recording }: JobRecording,
  { content, edit }: { content: SessionReport['content']; edit: Texts['keep'] },
  room: string | undefined,
): SessionReport['recordings'][number] {
  // Of the SDK's recording we tell in our own words.
  const all = recording.kind === 'sdk' || (content.transcript && content.allowPii);
  const named = location !== undefined && room !== undefined && plain(location).includes(plain(room));
  const place = location === undefined || (named && !all) ? undefined : edit(location, 'location');
  const message = error && all ? edit(error.message, 'message') : undefined;
  return {
    ...recording,
    ...(place !== undefined && { location: place }),
    ...(error && { error: { code: error.code, ...(message !== undefined && { message }) } }),
  };
}

/** Without what URLs and storages write otherwise. */
function plain(text: string): string {
  let decoded = text;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    // It holds a % of its own.
  }
  return decoded.replace(/[^\p{L}\p{N}]+/gu, '-');
}
