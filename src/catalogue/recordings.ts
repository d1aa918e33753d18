import type { MetricSpec } from './types.ts';

/** The media that LiveKit Egress records of a room: only audio, or video, too. */
export const recordingMedia = ['audio', 'audio_video'] as const;

/** The storage of a recording; `file`: the configured storage of the egress service, otherwise its disk. */
export const recordingDestinations = ['s3', 'gcp', 'azure', 'file'] as const;

/**
 * How a recording ended, in the words of LiveKit's `EgressStatus`. `ending`: it was stopped, and was still being written
 * when the job ended; `active`: it could not be stopped, and ends with its room; `not_started`: egress did not accept it;
 * `lost`: the job crashed first.
 */
export const recordingOutcomes = [
  'complete',
  'limit_reached',
  'ending',
  'active',
  'aborted',
  'failed',
  'not_started',
  'lost',
] as const;

/** Why a recording failed, or the error during it. */
export const recordingErrors = [
  'bad_option',
  'no_egress_service',
  'no_capacity',
  'no_permission',
  'room_not_found',
  'bad_output',
  'no_media',
  'timeout',
  'unreachable',
  'unknown',
] as const;

// Few labels on each: all of their values are there from the start, with 0, so that the first failure is a rise.
// `unknown`: options that cannot be used do not say where to.
const destination = [...recordingDestinations, 'unknown'] as const;
const source = 'recordRoom(): LiveKit Egress';

/** Recordings of rooms that a job has asked LiveKit Egress for. */
export const recordings = {
  lk_agents_recordings_active: {
    type: 'gauge',
    help: 'Recordings of rooms that have begun and not yet ended.',
    unit: 'recordings',
    labels: { destination },
    source,
    needsRoom: true,
    onLost: { metric: 'lk_agents_recordings_total', labels: { outcome: 'lost' } },
  },
  lk_agents_recordings_total: {
    type: 'counter',
    help: 'Recordings of rooms that ended or never began, by outcome; lost: their job died before.',
    unit: 'recordings',
    labels: { destination, outcome: recordingOutcomes },
    source,
    needsRoom: true,
  },
  lk_agents_recording_errors_total: {
    type: 'counter',
    help: 'Recordings of rooms that failed, or were not seen to their end, by error.',
    unit: 'recordings',
    labels: { error: recordingErrors },
    source,
    needsRoom: true,
  },
  lk_agents_recorded_seconds_total: {
    type: 'counter',
    help: 'Length of the files that recordings of rooms made, where it was known when their job ended.',
    unit: 'seconds',
    labels: { media: recordingMedia },
    source,
    needsRoom: true,
  },
} as const satisfies Record<string, MetricSpec>;
