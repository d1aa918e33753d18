export interface SoundOptions {
  sampleRate: number;
  /** Length of a frame, in milliseconds. */
  frameMs: number;
  /** Hertz; a frame must hold a whole number of its waves, so that frames join without a click. */
  pitch: number;
  /** The largest sample of the loudest and of the softest frame. */
  loudest: number;
  softest: number;
}

/** How long a syllable is, in frames, and how loud; they come round again after the last. */
const syllables = [
  { length: 3, loudness: 1 },
  { length: 2, loudness: 0.55 },
  { length: 4, loudness: 0.85 },
  { length: 2, loudness: 0.4 },
  { length: 3, loudness: 0.7 },
];

/** Overtones, as shares of the ground tone: about those of a vowel. */
const overtones = [1, 0.6, 0.35, 0.4, 0.15];

/** Frames of what sounds and looks like somebody's speech: a hum whose loudness goes in syllables. */
export function speechFrames({ sampleRate, frameMs, pitch, loudest, softest }: SoundOptions): Int16Array[] {
  const samples = (sampleRate * frameMs) / 1000;
  const wave = Float64Array.from({ length: samples }, (_, i) =>
    overtones.reduce(
      (sum, share, nth) => sum + share * Math.sin((2 * Math.PI * pitch * (nth + 1) * i) / sampleRate),
      0,
    ),
  );
  const peak = wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return syllables.flatMap(({ length, loudness }) =>
    Array.from({ length }, (_, nth) => {
      const swell = Math.sin((Math.PI * (nth + 1)) / (length + 1));
      const amplitude = softest + (loudest - softest) * loudness * swell;
      return Int16Array.from(wave, (sample) => Math.round((sample / peak) * amplitude));
    }),
  );
}
