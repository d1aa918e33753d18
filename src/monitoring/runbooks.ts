import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What to do about an alert, in Markdown. */
export interface Runbook {
  /** The name of the alert, and of the file. */
  alert: string;
  /** Without its heading, which is the alert's name. */
  content: string;
}

/** Beside the code as it is published: `dist/` and `src/` lie in the same place. */
const published = join(import.meta.dirname, '../../docs/runbooks');

/** The runbooks of a folder, in alphabetical order; none if there is no such folder. */
export function readRunbooks(folder: string = published): Runbook[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^[A-Z]\w*\.md$/.test(file))
    .sort()
    .map((file) => ({
      alert: file.replace(/\.md$/, ''),
      content: readFileSync(join(folder, file), 'utf8')
        .replaceAll('\r\n', '\n')
        .replace(/^\s*# .*\n+/, '')
        .trim(),
    }));
}

/**
 * Links between runbooks lead to where `address` says that they are; of links to other files, which are not there to be
 * followed, the text remains.
 */
export const relinked = (markdown: string, address: (alert: string) => string): string =>
  markdown.replaceAll(/\[([^\]]+)\]\((?![a-z]+:|\/|#)([^)]+)\)/g, (_, words: string, path: string) => {
    const alert = /^(?:\.\/)?(\w+)\.md(?:#.*)?$/.exec(path)?.[1];
    return alert && /^[A-Z]/.test(alert) ? `[${words}](${address(alert)})` : words;
  });
