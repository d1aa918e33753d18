/** Filled, unlike the page's other icons, as such buttons have them everywhere. What they do is said by their button. */
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
