import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { SearchIcon } from '../icons.tsx';

/** How long somebody who types may pause without being searched for, in milliseconds. */
const pauseMs = 250;

interface SearchBoxProps {
  value: string;
  onSearch: (words: string) => void;
  input: RefObject<HTMLInputElement | null>;
}

export function SearchBox({ value, onSearch, input }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const asked = useRef(value);

  // The back button changes the words, too; what is being typed stays.
  useEffect(() => {
    if (value !== asked.current) setText(value);
    asked.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = (words: string, pause: number) => {
    setText(words);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      asked.current = words.trim();
      onSearch(words.trim());
    }, pause);
  };
  return (
    <div class="search">
      <SearchIcon />
      <input
        ref={input}
        type="search"
        value={text}
        maxLength={500}
        placeholder="Search words said, session or room"
        aria-label="Search words said, session or room"
        aria-keyshortcuts="/"
        autoComplete="off"
        spellcheck={false}
        onInput={(event) => search(event.currentTarget.value, pauseMs)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') search(text, 0);
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          if (text !== '') search('', 0);
          // Keys mean the list again, and `/` this field.
          event.currentTarget.blur();
        }}
      />
      <kbd class="pointer-only">/</kbd>
    </div>
  );
}
