/** The value of a series in an exposition, summed over the label sets that match; undefined if none matches. */
export function sampleOf(
  text: string,
  series: string,
  labels: Record<string, string> = {},
): number | undefined {
  let total: number | undefined;
  for (const line of text.split('\n')) {
    const [, name, set = '', value] = line.match(/^([a-z_:A-Z0-9]+)(?:\{(.*)\})? (\S+)/) ?? [];
    if (name !== series) continue;
    if (Object.entries(labels).some(([label, wanted]) => !`,${set},`.includes(`,${label}="${wanted}",`)))
      continue;
    total = (total ?? 0) + Number(value);
  }
  return total;
}
