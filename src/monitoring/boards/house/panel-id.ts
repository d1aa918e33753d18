/** A number that stays with its title, wherever the panel stands; FNV-1a, cut to what Grafana takes as an id. */
export function panelId(board: string, title: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${board}/${title}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0) % 1_000_000_000;
}
