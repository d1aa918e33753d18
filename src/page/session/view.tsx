import { api, type Detail, type Transcript } from '../api.ts';
import { formatCost, formatDuration, formatLatency, formatMoment, formatTime } from '../formats.ts';
import { useLoaded } from '../loaded.ts';
import { Failure, Notice } from '../notices.tsx';
import { useTitle } from '../title.ts';

type Item = Transcript['items'][number];

/** One session. */
export function SessionView({ id }: { id: string }) {
  const { value, error, reload } = useLoaded(
    async (signal) => {
      const [detail, transcript] = await Promise.all([api.session(id, signal), api.transcript(id, signal)]);
      return { detail, transcript };
    },
    [id],
  );
  const title = value?.detail.agent ?? 'Session';
  useTitle(title);
  return (
    <>
      <h1 class="title">{title}</h1>
      {error && <Failure what="The session could not be read" error={error} retry={reload} />}
      {!value && !error && <Notice title="Loading …" />}
      {value && <Session {...value} />}
    </>
  );
}

function Session({ detail, transcript }: { detail: Detail; transcript: Transcript }) {
  return (
    <>
      <p class="quiet">
        {formatMoment(detail.start)} · {formatDuration(detail.duration)} · {detail.turns} turns · p95{' '}
        {formatLatency(detail.latencyP95)} · {formatCost(detail.cost)}
      </p>
      {Object.entries(detail.missing).map(([what, why]) => (
        <p key={what} class="quiet">
          No {what}: {why}
        </p>
      ))}
      <ol class="transcript">
        {transcript.items.map((item) => (
          <li key={item.id}>
            <span class="quiet">
              {item.at !== undefined && formatTime(item.at)} {item.role ?? item.type.replaceAll('_', ' ')}
            </span>
            <p>{textOf(item)}</p>
          </li>
        ))}
      </ol>
    </>
  );
}

const textOf = ({ text, name, arguments: args, output, oldAgent, newAgent }: Item): string =>
  text ??
  output ??
  [name, args, oldAgent, newAgent && `→ ${newAgent}`].filter((part) => part !== undefined).join(' ');
