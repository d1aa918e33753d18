import { outlined } from '../decode/outline.ts';
import type { SessionBatch, SpanRecord } from '../decode/records.ts';
import type { SessionFiles } from './session-files.ts';
import type { Sizes } from './session-state.ts';

/** The spans of a session without their prompts, one for each that is stored, in the same order. */
export async function* outlineOf(files: SessionFiles, sizes: Sizes): AsyncGenerator<SpanRecord> {
  const { outline } = sizes;
  if (outline !== undefined && (await files.holds('outline', outline))) {
    yield* files.records<SpanRecord>('outline', outline);
    return;
  }
  for await (const span of files.records<SpanRecord>('spans', sizes.spans)) yield outlined(span);
}

/** Makes the outline anew, of a session that was stored without one, or whose file is gone. @returns its size */
async function remade(files: SessionFiles, sizes: Sizes): Promise<number> {
  const spans: SpanRecord[] = [];
  for await (const span of outlineOf(files, { ...sizes, outline: undefined })) spans.push(span);
  return files.append('outline', 0, spans);
}

/** Adds what an upload has to the files that grow. @returns their sizes then */
export async function grown(
  files: SessionFiles,
  sizes: Sizes,
  { spans, logs }: SessionBatch,
): Promise<Required<Sizes>> {
  const { outline } = sizes;
  const kept =
    outline !== undefined && (await files.holds('outline', outline)) ? outline : await remade(files, sizes);
  return {
    spans: await files.append('spans', sizes.spans, spans),
    outline: await files.append('outline', kept, spans.map(outlined)),
    logs: await files.append('logs', sizes.logs, logs),
  };
}
