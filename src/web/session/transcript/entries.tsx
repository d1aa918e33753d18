import { useState } from 'preact/hooks';
import { formatClock, formatSpan } from '../../formats.ts';
import type { Entry } from './turns.ts';

/** Indented JSON; other text unchanged. */
export function formatJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

interface EntryProps<K extends Entry['of']> {
  entry: Extract<Entry, { of: K }>;
  /** Plays from a moment on the axis. */
  onPlay(at: number): void;
}

/** The time of an entry: a button if there is a recording. */
function Moment({ at, onPlay }: { at?: number; onPlay(at: number): void }) {
  if (at === undefined) return null;
  const clock = formatClock(at);
  return (
    <button type="button" class="moment" aria-label={`Play from ${clock}`} onClick={() => onPlay(at)}>
      {clock}
    </button>
  );
}

const speakers: Readonly<Record<string, string>> = {
  user: 'User',
  assistant: 'Agent',
  system: 'System',
  developer: 'Developer',
};

/** Below this confidence, a transcript may well be wrong. */
const lowConfidence = 0.6;

export function Message({ entry: { item, at, unspoken }, onPlay }: EntryProps<'message'>) {
  const { role = 'assistant', text, interrupted, confidence } = item;
  return (
    <div class={`entry message message-${role}`}>
      <p class="entry-head">
        <span class="speaker">{speakers[role] ?? role}</span>
        <Moment at={at} onPlay={onPlay} />
        {interrupted && <span class="tag tag-warn">interrupted</span>}
        {unspoken && (
          <span class="tag tag-warn" title="Its speech never started: the caller did not hear it">
            not spoken
          </span>
        )}
        {confidence !== undefined && confidence > 0 && confidence < lowConfidence && (
          <span class="tag" title="Confidence of the speech recognition">
            {Math.round(confidence * 100)} % sure
          </span>
        )}
      </p>
      {text === undefined ? (
        <p class="quiet">The text is not stored.</p>
      ) : (
        <p class="words" dir="auto">
          {text}
        </p>
      )}
    </div>
  );
}

export function Tool({ entry, onPlay }: EntryProps<'tool'>) {
  const { call, output, seconds } = entry;
  const [open, setOpen] = useState(false);
  const failed = output?.isError ?? false;
  return (
    <details
      class={failed ? 'entry tool tool-failed' : 'entry tool'}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <span class="tool-name">{call?.name ?? output?.name ?? 'tool'}</span>
        <code class="tool-arguments">{call?.arguments}</code>
        {seconds !== undefined && <span class="quiet">{formatSpan(seconds)}</span>}
        {failed && <span class="tag tag-bad">failed</span>}
        {!output && <span class="tag">no answer</span>}
      </summary>
      {open && <ToolBody entry={entry} onPlay={onPlay} />}
    </details>
  );
}

function ToolBody({ entry: { call, output, at }, onPlay }: EntryProps<'tool'>) {
  return (
    <div class="tool-body">
      <Moment at={at} onPlay={onPlay} />
      <h3>Arguments</h3>
      <pre>{call?.arguments === undefined ? 'not stored' : formatJson(call.arguments)}</pre>
      <h3>{output?.isError ? 'Error' : 'Result'}</h3>
      <pre>
        {output?.output === undefined ? (output ? 'not stored' : 'no result') : formatJson(output.output)}
      </pre>
    </div>
  );
}

export function Handoff({ entry: { from, to } }: EntryProps<'handoff'>) {
  return (
    <p class="entry mark">
      {from === undefined ? 'Agent ' : 'Handed over from '}
      {from !== undefined && <strong>{from}</strong>}
      {from !== undefined && ' to '}
      <strong>{to ?? 'nobody'}</strong>
      {from === undefined && ' takes the call'}
    </p>
  );
}

export function Instructions({ entry: { item } }: EntryProps<'instructions'>) {
  const { instructions, toolsAdded = [], toolsRemoved = [] } = item;
  const tools = [
    toolsAdded.length > 0 && `added ${toolsAdded.join(', ')}`,
    toolsRemoved.length > 0 && `removed ${toolsRemoved.join(', ')}`,
  ].filter(Boolean);
  return (
    <details class="entry instructions">
      <summary>{instructions === undefined ? 'Tools' : 'Instructions'}</summary>
      {instructions !== undefined && <p class="words">{instructions}</p>}
      {tools.length > 0 && <p class="quiet">Tools: {tools.join('; ')}</p>}
    </details>
  );
}
