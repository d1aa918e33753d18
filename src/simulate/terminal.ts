import type { ReadStream, WriteStream } from 'node:tty';
import { type IncidentSwitches, incidentNames } from './incidents.ts';
import { renderLine, renderScreen, type View } from './view.ts';

export interface TerminalOptions {
  output: Pick<WriteStream, 'write'> & Partial<WriteStream>;
  input: Pick<ReadStream, 'on' | 'off'> & Partial<ReadStream>;
  incidents: IncidentSwitches;
  /** Makes what is to be shown now. */
  view: () => Promise<View>;
  /** Called when somebody wants to leave by key. */
  onQuit: () => void;
  /** `json` writes the view as a line of JSON. @default screen on a terminal, else lines */
  format?: 'screen' | 'lines' | 'json';
  /** @default false on anything but a terminal, and with NO_COLOR set */
  colour?: boolean;
}

export interface Terminal {
  /** Shows what is, once more, and gives the terminal back as it was. */
  stop(): Promise<void>;
}

const screenIntervalMs = 500;
const lineIntervalMs = 5000;

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
// One write, between the marks of a synchronized update, rewrites the picture in place: nothing flickers.
const frame = (lines: readonly string[]) =>
  `\x1b[?2026h\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J\x1b[?2026l`;

/** Shows the call centre: a picture that is kept up to date on a terminal, a line now and then elsewhere. */
export function startTerminal(options: TerminalOptions): Terminal {
  const { output, input, view, incidents, onQuit } = options;
  const format = options.format ?? (output.isTTY ? 'screen' : 'lines');
  const colour = options.colour ?? (output.isTTY === true && !process.env.NO_COLOR);
  const keys = format === 'screen' && input.isTTY === true;
  let drawing: Promise<void> | undefined;

  const draw = async () => {
    const now = await view();
    if (format === 'json') output.write(`${JSON.stringify(now)}\n`);
    else if (format === 'lines') output.write(`${renderLine(now)}\n`);
    else {
      // Some pseudo-terminals, in containers for one, say that they are 0 by 0.
      const size = { width: output.columns || 80, height: output.rows || 24 };
      output.write(frame(renderScreen(now, { ...size, colour, keys })));
    }
  };
  const redraw = () => {
    // A picture that is still being made is fresh enough.
    drawing ??= draw().finally(() => {
      drawing = undefined;
    });
    return drawing;
  };
  const onKey = (data: Buffer) => {
    for (const key of data.toString()) {
      const name = incidentNames[Number(key) - 1];
      if (name) incidents.set(name, !incidents.active(name));
      // In raw mode Ctrl-C and Ctrl-D are keys like any other.
      else if (key === 'q' || key === '\x03' || key === '\x04') onQuit();
    }
    void redraw();
  };

  if (format === 'screen') output.write(enter);
  if (keys) {
    input.setRawMode?.(true);
    input.resume?.();
    input.on('data', onKey);
  }
  output.on?.('resize', redraw);
  const timer = setInterval(() => void redraw(), format === 'screen' ? screenIntervalMs : lineIntervalMs);
  void redraw();

  return {
    async stop() {
      clearInterval(timer);
      output.off?.('resize', redraw);
      if (keys) {
        input.off('data', onKey);
        input.setRawMode?.(false);
        input.pause?.();
      }
      await drawing;
      if (format === 'screen') output.write(leave);
      else await redraw();
    },
  };
}
