import { useState } from 'preact/hooks';
import { api, type Detail, type Timeline } from '../api.ts';
import {
  formatClock,
  formatCost,
  formatCount,
  formatDay,
  formatDuration,
  formatLatency,
  formatMoment,
  formatTime,
  latencyClass,
} from '../formats.ts';
import { BackIcon } from '../icons.tsx';
import { listAddress } from '../navigation.ts';
import { EndBadge } from '../status.tsx';

/** The session's identity and state, and links to other systems. */
export function Heading({ detail }: { detail: Detail }) {
  const { id, agent, hasAudio, traceUrl, tags = [] } = detail;
  return (
    <header class="session-head">
      <a class="back" href={listAddress()}>
        <BackIcon />
        Sessions
      </a>
      <div class="session-title">
        <h1 class="title">{agent ?? 'Session'}</h1>
        <EndBadge session={detail} />
        {detail.redacted && <span class="tag">redacted</span>}
        {detail.simulated && <span class="tag">simulated</span>}
        {tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
        <code class="session-id">{id}</code>
      </div>
      <div class="session-links">
        <CopyLink />
        {hasAudio && (
          <a class="button" href={api.audioUrl(id)} download={`${id}.ogg`}>
            Download audio
          </a>
        )}
        {traceUrl !== undefined && (
          <a class="button" href={traceUrl} target="_blank" rel="noreferrer">
            Trace in Grafana
          </a>
        )}
      </div>
    </header>
  );
}

/** Copies the address, which includes the turn and the position. */
function CopyLink() {
  const [message, setMessage] = useState<string>();
  const copy = async () => {
    // Browsers allow the clipboard only on localhost and over HTTPS.
    const done = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    );
    setMessage(done ? 'Copied' : 'Copy the address of this page');
    setTimeout(() => setMessage(undefined), 2500);
  };
  return (
    <button type="button" class="button" onClick={copy}>
      <span role="status">{message ?? 'Copy link'}</span>
    </button>
  );
}

/** A figure with its name below a session's title. */
interface Fact {
  name: string;
  value: string;
  title?: string;
  tone?: 'slow' | 'too-slow' | 'bad';
}

function factsOf(detail: Detail): Fact[] {
  const { turns, latencyP50, latencyP95, interruptions, toolCalls, toolErrors, cost } = detail;
  const sdk = [
    detail.language === 'python' ? 'Python' : detail.language === 'nodejs' ? 'Node.js' : undefined,
  ];
  const costs = Object.entries(detail.costByComponent ?? {}).map(
    ([name, usd]) => `${name} ${formatCost(usd)}`,
  );
  const facts: (Fact | undefined)[] = [
    {
      name: 'Started',
      value: `${formatDay(detail.start, Date.now() / 1000)} ${formatTime(detail.start)}`,
      title: formatMoment(detail.start),
    },
    { name: 'Length', value: formatDuration(detail.duration) },
    { name: 'Turns', value: formatCount(turns) },
    { name: 'Latency p50', value: formatLatency(latencyP50), tone: latencyClass(latencyP50) },
    { name: 'Latency p95', value: formatLatency(latencyP95), tone: latencyClass(latencyP95) },
    { name: 'Interruptions', value: formatCount(interruptions) },
    {
      name: 'Tools',
      value:
        toolErrors > 0
          ? `${formatCount(toolCalls)}, ${formatCount(toolErrors)} failed`
          : formatCount(toolCalls),
      tone: toolErrors > 0 ? 'bad' : undefined,
    },
    {
      name: 'Cost',
      value: `${formatCost(cost)}${detail.costIncomplete && cost !== undefined ? ' +' : ''}`,
      title: [...costs, detail.costIncomplete && 'excludes usage without a known price']
        .filter(Boolean)
        .join(', '),
    },
    detail.version === undefined ? undefined : { name: 'Version', value: detail.version },
    { name: 'SDK', value: [...sdk, detail.sdkVersion].filter(Boolean).join(' ') || '–' },
    detail.outcome === undefined ? undefined : { name: 'Outcome', value: detail.outcome },
    detail.roomName === undefined ? undefined : { name: 'Room', value: detail.roomName },
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** The key figures of a session. */
export function Facts({ detail }: { detail: Detail }) {
  return (
    <dl class="facts">
      {factsOf(detail).map(({ name, value, title, tone }) => (
        <div key={name} title={title || undefined}>
          <dt>{name}</dt>
          <dd class={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const names: Readonly<Record<string, string>> = {
  transcript: 'No transcript',
  trace: 'No trace',
  logs: 'No logs',
  report: 'No report',
  text: 'No text',
  latency: 'No latency',
  cost: 'No cost',
  price: 'No price',
};

/** The parts that are missing, and the reasons. */
export function Missing({ missing }: { missing: Detail['missing'] }) {
  // The player shows why there is no recording.
  const reasons = Object.entries(missing).filter(([what]) => what !== 'audio');
  if (reasons.length === 0) return null;
  return (
    <ul class="missing">
      {reasons.map(([what, why]) => (
        <li key={what}>
          <strong>{names[what] ?? `No ${what}`}.</strong> {why}
        </li>
      ))}
    </ul>
  );
}

/** Errors that are listed: the first may have led to the others, the last ended the session. */
const maxErrors = 3;

interface FailureDetailsProps {
  events: Timeline['events'];
  /** Whether the entry function of the job threw the error. */
  entryFailed?: boolean;
  onPoint(at: number): void;
}

/** Why a session failed, according to its spans and logs. */
export function FailureDetails({ events, entryFailed, onPoint }: FailureDetailsProps) {
  const errors = events.filter(({ kind }) => kind === 'error').slice(-maxErrors);
  return (
    <section class="trouble" aria-label="Why it failed">
      <strong>
        {entryFailed ? 'The entry function of the job threw an error.' : 'An error closed the session.'}
      </strong>{' '}
      {errors.length === 0 && 'Neither its spans nor its logs say which.'}
      {errors.length > 0 && (
        <ul>
          {errors.map(({ at, label }) => (
            <li key={`${at} ${label}`}>
              <button
                type="button"
                class="moment"
                aria-label={`Go to ${formatClock(at)}`}
                onClick={() => onPoint(at)}
              >
                {formatClock(at)}
              </button>{' '}
              {label}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
