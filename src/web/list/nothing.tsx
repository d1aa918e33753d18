import { useState } from 'preact/hooks';
import { Notice } from '../notices.tsx';

/** A gateway to which nothing was uploaded yet. */
export function NoSessions() {
  const line = `LIVEKIT_OBSERVABILITY_URL=${location.origin}`;
  return (
    <Notice title="No sessions yet">
      <p>Start your agent with this variable. Its next call shows up here while it runs.</p>
      <CopyLine line={line} />
      <p class="quiet">
        The agent needs the <code>LIVEKIT_API_KEY</code> and <code>LIVEKIT_API_SECRET</code> that this gateway
        knows, and a session that is recorded: <code>session.start({'{ record: true }'})</code>, in Python{' '}
        <code>session.start(record=True)</code>.
      </p>
    </Notice>
  );
}

function CopyLine({ line }: { line: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(line).then(
      () => setCopied(true),
      // It can be selected, too.
      () => setCopied(false),
    );
  return (
    <div class="copy-line">
      <pre>
        <code>{line}</code>
      </pre>
      {/* Browsers give the clipboard to this machine and to https only. */}
      {window.isSecureContext && (
        <button type="button" class="button" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}

/** Filters that let nothing through. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <Notice title="No session matches">
      <p>Words are found by their beginnings, and only those that were said in one session together.</p>
      <button type="button" class="button" onClick={onClear}>
        Clear the filters
      </button>
    </Notice>
  );
}
