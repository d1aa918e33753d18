import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../package.ts';

/** What to do about an alert, in Markdown. */
export interface Runbook {
  /** The name of the alert, and of the file. */
  alert: string;
  /** Without its heading, which is the alert's name. */
  content: string;
}

/** As they are published, beside the code. */
const published = packagePath('docs/runbooks');

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

/** Where links of runbooks lead to, in the place where they are shown. */
export interface LinkTargets {
  runbook(alert: string): string;
  /** @returns undefined if there is no board of that name */
  board(name: string): string | undefined;
}

/**
 * Runbooks name other runbooks and boards by files of the repository: `NAME.md`, and `../boards.md#NAME`. Where they are shown in
 * Grafana, these links lead to panels and boards; of links to other files, which are not there to be followed, the text remains.
 */
export const withLinks = (markdown: string, { runbook, board }: LinkTargets): string =>
  markdown.replaceAll(/\[([^\]]+)\]\((?![a-z]+:|\/|#)([^)]+)\)/g, (_, words: string, path: string) => {
    const alert = /^(?:\.\/)?([A-Z]\w*)\.md(?:#.*)?$/.exec(path)?.[1];
    const name = /^\.\.\/boards\.md#([a-z-]+)$/.exec(path)?.[1];
    const address = alert ? runbook(alert) : name && board(name);
    return address ? `[${words}](${address})` : words;
  });
