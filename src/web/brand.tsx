/** Sound that arrives at an ear. */
export function Brand() {
  return (
    <span class="brand">
      <svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        <rect width="24" height="24" rx="6.5" />
        <path d="M6 10.2v3.6M9 7.8v8.4M12 5.4v13.2M15 8.4v7.2M18 10.8v2.4" />
      </svg>
      Talkgauge
    </span>
  );
}
