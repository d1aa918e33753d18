import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { isMissing } from './programs.ts';
import { root } from './repository.ts';

const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
/** Whether git ignores a path. */
const ignored = (path: string): boolean => {
  try {
    return git('check-ignore', '--no-index', path) !== '';
  } catch {
    return false;
  }
};

describe.skipIf(isMissing('git'))('git', () => {
  test.each([
    'secrets/grafana/admin-password',
    'secrets/prometheus/agents-token',
    'secrets/alertmanager/slack-webhook-url',
    'prometheus/targets/host.yml',
    'prometheus/targets/livekit-server/server.yml',
    'prometheus/alertmanager.local.yml',
    'prometheus/prometheus.local.yml',
    '.env',
  ])('%s is the user’s, and is not committed', (path) => {
    expect(ignored(path)).toBe(true);
  });

  test.each(['secrets/README.md', 'secrets/grafana/.gitkeep', 'prometheus/alertmanager.yml', '.env.example'])(
    '%s is committed',
    (path) => {
      expect(ignored(path)).toBe(false);
    },
  );

  test('files that containers mount are readable for other users', () => {
    // Git stores only the executable bit of a file. The other permissions depend on the user's umask.
    const modes = git('ls-files', '--stage', 'prometheus', 'grafana', 'alerts', 'dashboards', 'secrets')
      .trim()
      .split('\n')
      .map((line) => line.split(/\s/)[0]);
    expect(new Set(modes)).toEqual(new Set(['100644']));
  });
});
