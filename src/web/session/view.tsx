import { Failure, Notice } from '../notices.tsx';
import { useTitle } from '../title.ts';
import { useSession } from './session.ts';
import { SessionParts } from './session-parts.tsx';

/** One session. */
export function SessionView({ id }: { id: string }) {
  const { value, error, reload, version, gone } = useSession(id);
  useTitle(value?.detail.agent ?? 'Session');
  if (gone) return <Gone />;
  if (!value && error?.status === 404) return <Gone />;
  if (!value && error) return <Failure what="The session could not be read" error={error} retry={reload} />;
  if (!value) return <Notice title="Loading …" />;
  return (
    <>
      {error && <Failure what="What is new could not be read" error={error} retry={reload} small />}
      <SessionParts session={value} version={version} />
    </>
  );
}

function Gone() {
  return (
    <Notice title="There is no such session">
      <p class="quiet">It may have been deleted, or it is older than what is kept.</p>
      <p>
        <a href="/">All sessions</a>
      </p>
    </Notice>
  );
}
