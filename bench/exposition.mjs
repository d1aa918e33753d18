/** The samples of an exposition in the text format: value by name and labels. Comments are left out. */
export function parse(exposition) {
  const samples = new Map();
  for (const line of exposition.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.lastIndexOf(' ');
    samples.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return samples;
}

/** The sum over all series of a name whose labels hold `text`. */
export function total(samples, name, text = '') {
  let sum = 0;
  for (const [key, value] of samples) {
    if ((key === name || key.startsWith(`${name}{`)) && key.includes(text)) sum += value;
  }
  return sum;
}

/** Equal, but for the order in which floating-point numbers were added. */
export const same = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
