// Runs before the first paint, so that a dark page does not flash white.
// Without a choice, the stylesheet follows the system.
try {
  const chosen = localStorage.getItem('talkgauge.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage, the stylesheet follows the system, too.
}
