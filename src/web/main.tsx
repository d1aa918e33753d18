import { render } from 'preact';
import { ChangesProvider, followChanges } from './changes.ts';
import { Shell } from './shell.tsx';
import { ShortcutsProvider } from './shortcuts.tsx';

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
