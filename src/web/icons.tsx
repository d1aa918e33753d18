import type { ComponentChildren } from 'preact';

interface IconProps {
  /** The accessible name, if no text beside it has it. */
  title?: string;
}

const icon =
  (children: ComponentChildren) =>
  ({ title }: IconProps) =>
    title === undefined ? (
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        {children}
      </svg>
    ) : (
      <svg class="icon" viewBox="0 0 16 16" role="img" aria-label={title} focusable="false">
        <title>{title}</title>
        {children}
      </svg>
    );

export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.75" />
    <path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1" />
  </>,
);
export const MoonIcon = icon(<path d="M13.2 9.7A5.6 5.6 0 0 1 6.3 2.8a5.6 5.6 0 1 0 6.9 6.9Z" />);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.25" />
    <path d="m10.2 10.2 3.3 3.3" />
  </>,
);
export const BackIcon = icon(<path d="M13 8H3.2M7 4 3 8l4 4" />);
export const ChevronIcon = icon(<path d="m4 6.2 4 4 4-4" />);
export const LockIcon = icon(
  <>
    <rect x="3.25" y="7" width="9.5" height="6.5" rx="1.5" />
    <path d="M5.25 7V5a2.75 2.75 0 0 1 5.5 0v2" />
  </>,
);
export const SoundIcon = icon(<path d="M2.5 6.8v2.4M5.2 4.4v7.2M8 2.6v10.8M10.8 5v6M13.5 6.8v2.4" />);
export const KeyboardIcon = icon(
  <>
    <rect x="1.5" y="3.75" width="13" height="8.5" rx="1.5" />
    <path d="M4.2 6.5h.01M6.7 6.5h.01M9.2 6.5h.01M11.7 6.5h.01M5 9.5h6" />
  </>,
);

/** Filled, as usual for player buttons. The button has the accessible name. */
export const PlayIcon = () => (
  <svg class="player-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d="M4.5 2.6v10.8a.6.6 0 0 0 .9.5l8.6-5.4a.6.6 0 0 0 0-1L5.4 2.1a.6.6 0 0 0-.9.5Z" />
  </svg>
);

export const PauseIcon = () => (
  <svg class="player-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <rect x="3.5" y="2.5" width="3.2" height="11" rx="0.8" />
    <rect x="9.3" y="2.5" width="3.2" height="11" rx="0.8" />
  </svg>
);
