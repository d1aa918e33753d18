import type { Message, MessageType } from '@bufbuild/protobuf';
import { message, messageType, scalar } from '../decode/otlp-schema.ts';

/** Of traces, logs and metrics alike: the messages differ by names only. */
interface PartialSuccess extends Message<PartialSuccess> {
  rejected: bigint;
}
interface ExportResponse extends Message<ExportResponse> {
  partialSuccess?: PartialSuccess;
}
const PartialSuccess: MessageType<PartialSuccess> = messageType('ExportPartialSuccess', () => [
  scalar(1, 'rejected', 'int64'),
]);
const ExportResponse: MessageType<ExportResponse> = messageType('ExportServiceResponse', () => [
  message(1, 'partial_success', PartialSuccess),
]);

const jsonNames = ['rejectedSpans', 'rejectedLogRecords', 'rejectedDataPoints'] as const;

/** What is read of an answer at most, in bytes. */
const longest = 64 * 1024;

/** How many records an OTLP backend says that it rejected, although it took the request; 0 for any other answer. */
export async function rejectedRecords(response: Response): Promise<number> {
  try {
    const body = await beginningOf(response);
    if (body.length === 0) return 0;
    if (response.headers.get('content-type')?.includes('json')) {
      const { partialSuccess } = JSON.parse(body.toString()) as {
        partialSuccess?: Partial<Record<(typeof jsonNames)[number], string | number>>;
      };
      // int64 is text in protobuf's JSON.
      return countOf(jsonNames.map((name) => partialSuccess?.[name]).find((value) => value !== undefined));
    }
    return countOf(ExportResponse.fromBinary(body).partialSuccess?.rejected);
  } catch {
    // It was taken: what is said of it cannot be read.
    return 0;
  }
}

function countOf(value: string | number | bigint | undefined): number {
  const count = Number(value ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

async function beginningOf(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > longest) return Buffer.alloc(0);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
