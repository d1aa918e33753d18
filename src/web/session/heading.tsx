import { useState } from 'preact/hooks';
import { api, type Detail } from '../api.ts';
import { BackIcon } from '../icons.tsx';
import { listAddress } from '../navigation.ts';
import { EndBadge } from '../status.tsx';

/** Which session it is, how it is, and where else it is told of. */
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

/** Copies the address, which says the turn and the moment, too. */
function CopyLink() {
  const [told, setTold] = useState<string>();
  const copy = async () => {
    // Without HTTPS, and not on this machine, a browser has no clipboard for pages.
    const done = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    );
    setTold(done ? 'Copied' : 'Copy the address of this page');
    setTimeout(() => setTold(undefined), 2500);
  };
  return (
    <button type="button" class="button" onClick={copy}>
      <span role="status">{told ?? 'Copy link'}</span>
    </button>
  );
}
