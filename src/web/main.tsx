import { render } from 'preact';
import { useState } from 'preact/hooks';
import { ChangesProvider, followChanges, useConnected } from './changes.ts';
import { MoonIcon, SunIcon } from './icons.tsx';
import { ListView } from './list/view.tsx';
import { NavigationProvider, useBrowserNavigation, useNavigation } from './navigation.ts';
import { Notice } from './notices.tsx';
import { SessionView } from './session/view.tsx';
import { ShortcutsHelp, ShortcutsProvider } from './shortcuts.tsx';

/** The logo: a waveform, and the name. */
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

type Theme = 'light' | 'dark';

const shown = (): Theme => {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
};

/** Switches between light and dark, and stores the choice in the browser. */
export function ThemeToggle() {
  const [theme, setTheme] = useState(shown);
  const other: Theme = theme === 'dark' ? 'light' : 'dark';
  const change = () => {
    document.documentElement.dataset.theme = other;
    setTheme(other);
    try {
      localStorage.setItem('talkgauge.theme', other);
    } catch {
      // Without storage, the choice lasts until the page is closed.
    }
  };
  return (
    <button
      type="button"
      class="icon-button"
      onClick={change}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
    >
      {theme === 'dark' ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}

/** The frame of every view: the header and the routes. */
export function Shell() {
  const navigation = useBrowserNavigation();
  return (
    <NavigationProvider value={navigation}>
      <header class="bar">
        <a class="bar-home" href="/" aria-label="Talkgauge: all sessions">
          <Brand />
        </a>
        <span class="bar-end">
          <Connection />
          <ShortcutsHelp />
          <ThemeToggle />
        </span>
      </header>
      <main>
        <View />
      </main>
    </NavigationProvider>
  );
}

function Connection() {
  const connected = useConnected();
  return (
    <span
      class={connected ? 'connection connected' : 'connection'}
      title="Whether the page receives live updates"
    >
      <span class="dot" aria-hidden="true" />
      {connected ? 'Live updates' : 'Connecting …'}
    </span>
  );
}

function View() {
  const { path } = useNavigation();
  if (path === '/') return <ListView />;
  const id = path.match(/^\/sessions\/([\w.-]+)$/)?.[1];
  if (id !== undefined) return <SessionView key={id} id={id} />;
  return (
    <Notice title="Page not found">
      <p>
        <a href="/">All sessions</a>
      </p>
    </Notice>
  );
}

const root = document.getElementById('page');
if (root) {
  render(
    <ChangesProvider value={followChanges()}>
      <ShortcutsProvider value={{ current: [] }}>
        <Shell />
      </ShortcutsProvider>
    </ChangesProvider>,
    root,
  );
}
