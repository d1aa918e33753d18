import { writeFileSync } from 'node:fs';
import { openCallCentre } from './call-centre.ts';
import { readFigures } from './figures.ts';
import type { SimulateOptions } from './options.ts';
import { showcaseLength } from './plan.ts';
import { renderSummary, startTerminal, type TerminalOptions } from './terminal.ts';

export interface RunOptions extends SimulateOptions, Pick<TerminalOptions, 'input' | 'output'> {
  /** Ends after the showcase calls. @default false */
  once?: boolean;
  /** `quiet` shows only the addresses and the summary. @default screen on a terminal, else lines */
  format?: TerminalOptions['format'] | 'quiet';
  /** File for the final content of /metrics, in the text format 0.0.4. @default not written */
  metrics?: string;
  /** The stream for errors. */
  errors: Pick<NodeJS.WriteStream, 'write'>;
  /** Formats an error message, which names options as `{ port }`, for the caller's interface. @default unchanged */
  formatMessage?: (message: string) => string;
}

/** Runs a call centre until its calls have finished, its duration is over, or it is stopped. Returns the exit code. */
export async function simulate(options: RunOptions): Promise<number> {
  const { input, output, errors, once: onlyOnce, format, metrics, formatMessage, ...settings } = options;
  const messageOf = ({ message }: Error) => formatMessage?.(message) ?? message;
  const stop = new AbortController();
  let asked = 0;
  let kill = () => {};
  const onSignal = () => {
    asked++;
    stop.abort();
    // A second signal kills the calls at once.
    if (asked > 1) kill();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);

  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  try {
    const calls = settings.calls ?? (onlyOnce ? showcaseLength : undefined);
    const centre = await openCallCentre({ ...settings, calls }, stop.signal);
    kill = () => void centre.kill();
    const figures = readFigures(centre.recorder.registry);
    const onScreen = format === 'screen' || (format === undefined && output.isTTY === true);
    if (!onScreen && format !== 'json') {
      const sessions = centre.sessionsUrl ? `  sessions ${centre.sessionsUrl}/` : '';
      output.write(`metrics ${centre.url}/metrics  incidents ${centre.controlUrl}/incidents${sessions}\n`);
    }
    const terminal =
      format === 'quiet'
        ? undefined
        : startTerminal({
            input,
            output,
            format,
            incidents: centre.incidents,
            onQuit: onSignal,
            view: async () => ({
              elapsed: elapsed(),
              metricsUrl: centre.url,
              controlUrl: centre.controlUrl,
              sessionsUrl: centre.sessionsUrl,
              reports: centre.reports,
              figures: await figures.read(),
              incidents: centre.incidents.list(),
            }),
          });
    const failure = await Promise.race([
      centre.finished.then(
        () => undefined,
        (error: Error) => error,
      ),
      stopped(stop.signal),
      ...(settings.duration === undefined ? [] : [timePassed(settings.duration, stop.signal)]),
    ]);
    await terminal?.stop();
    if (onScreen) output.write('Ending the calls ...\n');
    await centre.close();
    if (metrics) writeFileSync(metrics, await centre.recorder.expose('text'));
    const summary = { elapsed: elapsed(), figures: await figures.summarise() };
    output.write(
      format === 'json' ? `${JSON.stringify({ summary })}\n` : `${renderSummary(summary).join('\n')}\n`,
    );
    if (!failure) return 0;
    errors.write(`talkgauge simulate: the worker failed: ${failure.message}\n`);
    return 1;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    errors.write(`talkgauge simulate: ${messageOf(error as Error)}\n`);
    return 1;
  } finally {
    stop.abort();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    process.off('SIGHUP', onSignal);
  }
}

function stopped(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function timePassed(seconds: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), seconds * 1000);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
