import { Brand } from './brand.tsx';
import { useConnected } from './changes.ts';
import { ListView } from './list/view.tsx';
import { NavigationProvider, useBrowserNavigation, useNavigation } from './navigation.ts';
import { Notice } from './notices.tsx';
import { SessionView } from './session/view.tsx';
import { ShortcutsHelp } from './shortcuts.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

/** What is around every view: the bar above, and the way from an address to what it shows. */
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
      title="Whether changes are shown as they happen"
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
    <Notice title="Nothing is here">
      <p>
        <a href="/">All sessions</a>
      </p>
    </Notice>
  );
}
