// Runs before anything is drawn, so that a page that is to be dark does not flash white first.
// Without a choice, the stylesheet follows the system.
try {
  const chosen = localStorage.getItem('talkgauge.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing for pages follows the system, too.
}
