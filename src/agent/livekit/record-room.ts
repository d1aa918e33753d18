import type { JobContext } from '@livekit/agents';
import { Options } from '../../options.ts';
import { optionError } from '../egress/recording-error.ts';
import { type RecordingResult, RoomEgress } from '../egress/room-egress.ts';
import { type RecordingSettings, type RecordRoomOptions, resolveRecording } from '../egress/settings.ts';
import { type Destination, destination } from './destination.ts';
import { resolveIdentity } from './observe-options.ts';
import { processWide } from './process-state.ts';
import { audioSwitch } from './record-switches.ts';
import { type AccountOptions, RecordingAccount } from './recording-account.ts';

/** What is needed of a job's context. */
type RecordedJob = Pick<JobContext, 'job'> &
  Partial<Pick<JobContext, 'info' | 'isFakeJob' | 'addShutdownCallback'>>;

/** The recording of one room. */
export interface RoomRecording {
  /** Whether egress has taken it: resolves with the status `active`, `not_started` (and `error`), or `off`. Never rejects. */
  readonly started: Promise<RecordingResult>;
  /**
   * Ends the recording, and gives what came of it, as far as that is known after `stopDeadlineMs`; a second call gives
   * the same. The end of the job calls it, too. Never rejects.
   */
  stop(): Promise<RecordingResult>;
}

/**
 * Records a room by LiveKit Egress, from now until `stop()` or the end of the job. Returns at once: the call waits for
 * nothing. Call it in the job's entry function, after `observe()`. What comes of it is counted in
 * `lk_agents_recordings_total`, told in a record `lk.recording`, and part of the job's report.
 *
 * Never throws: what goes wrong is in the results, as a `RecordingError` whose message names the next step, and on the
 * console.
 *
 * @param where the job's context; outside a job the room's name: then only `stop()` ends it
 */
export function recordRoom(where: RecordedJob | string, options: RecordRoomOptions = {}): RoomRecording {
  const ctx = typeof where === 'string' ? undefined : where;
  const room = typeof where === 'string' ? where : (where?.job?.room?.name ?? '');
  const nothing = (result: RecordingResult): RoomRecording => {
    account(ctx, { destination: 'unknown' }).told.ended(result);
    return { started: Promise.resolve(result), stop: () => Promise.resolve(result) };
  };
  try {
    const off = reasonNotTo(ctx);
    if (!off) return start(room, ctx, resolveRecording(options, ctx?.job.id, ctx?.info));
    console.warn(`talkgauge: the room is not recorded: ${off}`);
    return nothing({ status: 'off' });
  } catch (error) {
    return nothing({ status: 'not_started', error: optionError((error as Error).message) });
  }
}

function start(room: string, ctx: RecordedJob | undefined, settings: RecordingSettings): RoomRecording {
  const { media, destination } = settings;
  const { told, flush } = account(ctx, { media, destination });
  const egress = new RoomEgress(settings, room);
  let over = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const end = (result: RecordingResult) => {
    told.ended(result);
    over();
  };
  const stop = async () => {
    const result = await egress.stop();
    end(result);
    return result;
  };
  // Before anything is recorded: nothing may be that nobody would stop.
  ctx?.addShutdownCallback?.(async () => {
    await stop();
    await flush();
  });
  told.asked(ended);
  const started = egress.start().then((result) => {
    if (result.status === 'not_started') end(result);
    else told.began(result);
    return result;
  });
  return { started, stop };
}

/** Where a recording is told of: where the job's sessions are. */
function account(ctx: RecordedJob | undefined, about: Pick<AccountOptions, 'media' | 'destination'>) {
  const { recordings } = processWide();
  const { sink, flush } = samples(ctx);
  const told = new RecordingAccount({
    ...about,
    sink,
    log: (item) => processWide().telemetry?.log(item),
    ...(ctx?.job?.id && { notes: recordings.of(ctx.job.id) }),
  });
  return { told, flush };
}

/** Where a recording is counted: nowhere, if what that takes cannot be had, such as a price file. */
function samples(ctx: RecordedJob | undefined): Pick<Destination, 'sink' | 'flush'> {
  try {
    const identity = processWide().identity ?? resolveIdentity(new Options(), ctx?.job?.agentName);
    return destination(identity, false);
  } catch (error) {
    console.warn(`talkgauge: the room's recording is not counted: ${(error as Error).message}`);
    return { sink: () => {}, flush: async () => {} };
  }
}

/** Why a job is not recorded, whoever asks for it. */
function reasonNotTo(ctx: RecordedJob | undefined): string | undefined {
  if (ctx?.isFakeJob) return 'in console mode there is none';
  if (ctx?.job.enableRedaction) return 'LiveKit demands redaction for this job, and sound cannot be redacted';
  if (processWide().audio !== false && audioSwitch(new Options()) !== false) return undefined;
  return 'the switch audio is off; add it to TALKGAUGE_RECORD, or to { record } of observe()';
}
