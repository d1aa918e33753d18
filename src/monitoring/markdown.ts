export const code = (text: string): string => `\`${text}\``;

/** A link to a heading of the same page, by GitHub's rule for anchors. */
export const toHeading = (heading: string): string =>
  `[${heading}](#${heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')})`;

/** A table; a `|` or a line break within a cell is kept from ending it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** The parts of a page, one blank line between them and a line break at the end. */
export const page = (parts: readonly string[]): string => `${parts.join('\n\n')}\n`;

/** A ratio in words, for descriptions: 0.05 is `5 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;
