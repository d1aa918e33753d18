import { useEffect, useState } from 'preact/hooks';

/** The playback rates. */
export const rates = [1, 1.25, 1.5, 2] as const;

export interface Recording {
  /** The URL of the audio. */
  url: string;
  /** The start of the recording on the axis, in seconds. */
  offset: number;
}

/** The position on the axis of a session, in seconds, and the recording. The position exists without a recording, too. */
export class Playback {
  readonly #listeners = new Set<() => void>();
  #recording: Recording | undefined;
  #audio: HTMLAudioElement | undefined;
  #position = 0;
  #frame = 0;
  playing = false;
  /** Whether the player waits for data. */
  buffering = false;
  /** Why the recording cannot be played. */
  error: string | undefined;
  rate = 1;

  get position(): number {
    return this.#position;
  }

  get hasRecording(): boolean {
    return this.#recording !== undefined;
  }

  /** @returns a function that unsubscribes */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Sets the recording, which may arrive while the session is open. */
  load(recording: Recording | undefined): void {
    if (recording?.url === this.#recording?.url && recording?.offset === this.#recording?.offset) return;
    this.close();
    this.#recording = recording;
    if (recording) this.#audio = this.#audioOf(recording);
    this.#notify();
  }

  seek(position: number): void {
    this.#position = Math.max(0, position);
    if (this.#audio && this.#recording)
      this.#audio.currentTime = Math.max(0, this.#position - this.#recording.offset);
    this.#notify();
  }

  play(): void {
    if (!this.#audio || this.error) return;
    this.#audio.playbackRate = this.rate;
    // A browser refuses before the first user interaction with the page; the button works then.
    this.#audio.play().catch(() => {});
  }

  pause(): void {
    this.#audio?.pause();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.#audio) this.#audio.playbackRate = rate;
    this.#notify();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    if (this.#audio) {
      this.#audio.pause();
      this.#audio.removeAttribute('src');
      this.#audio.load();
    }
    this.#audio = undefined;
    this.#recording = undefined;
    [this.playing, this.buffering, this.error] = [false, false, undefined];
  }

  #audioOf({ url, offset }: Recording): HTMLAudioElement {
    const audio = new Audio();
    audio.preload = 'none';
    audio.src = url;
    const follow = () => {
      this.#position = audio.currentTime + offset;
      this.#notify();
      if (!audio.paused) this.#frame = requestAnimationFrame(follow);
    };
    const on = (events: readonly (keyof HTMLMediaElementEventMap)[], change: () => void) => {
      for (const event of events) {
        audio.addEventListener(event, () => {
          // A released element reports that it stopped.
          if (audio !== this.#audio) return;
          change();
          this.#notify();
        });
      }
    };
    on(['play'], () => {
      this.playing = true;
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(follow);
    });
    on(['pause', 'ended'], () => {
      this.playing = false;
      cancelAnimationFrame(this.#frame);
    });
    on(['waiting', 'stalled'], () => {
      this.buffering = this.playing;
    });
    on(['playing', 'pause', 'ended'], () => {
      this.buffering = false;
    });
    on(['error'], () => {
      this.playing = false;
      this.error = errorMessage(audio);
    });
    audio.currentTime = Math.max(0, this.#position - offset);
    return audio;
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function errorMessage(audio: HTMLAudioElement): string {
  switch (audio.error?.code) {
    case MediaError.MEDIA_ERR_DECODE:
      // Also reported if there is no audio output.
      return 'The browser could not play the recording. Check the audio output of this machine, or download the recording.';
    case MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED:
      if (audio.canPlayType('audio/ogg; codecs=opus') === '')
        return 'This browser cannot play Ogg Opus. Safari supports it from version 18.4.';
  }
  return 'The recording could not be loaded.';
}

/** The value of `read`, updated whenever the playback changes. */
export function usePlayback<T>(playback: Playback, read: (playback: Playback) => T): T {
  const [value, setValue] = useState(() => read(playback));
  useEffect(() => {
    const update = () => setValue(() => read(playback));
    update();
    return playback.subscribe(update);
  }, [playback, read]);
  return value;
}
