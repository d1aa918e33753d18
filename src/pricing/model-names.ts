/**
 * Providers under the names that the SDK's plugins give them, which may be a host (OpenAI, Anthropic, Mistral) or a
 * brand (Deepgram, Gemini), and the name that a price goes by. A host that is not here stands for itself: an
 * OpenAI-compatible server of somebody's own is not OpenAI.
 */
const providers: Readonly<Record<string, string>> = {
  'api.openai.com': 'openai',
  'api.anthropic.com': 'anthropic',
  gemini: 'google',
  'vertex ai': 'google',
  'vertex ai model garden': 'google',
  vertex: 'google',
  'google-vertex': 'google',
  'generativelanguage.googleapis.com': 'google',
  'x-ai': 'xai',
  'api.x.ai': 'xai',
  'api.mistral.ai': 'mistral',
  mistralai: 'mistral',
  'api.groq.com': 'groq',
  'api.deepseek.com': 'deepseek',
  'api.cerebras.ai': 'cerebras',
  'api.together.xyz': 'together',
  'api.fireworks.ai': 'fireworks',
  'api.perplexity.ai': 'perplexity',
  'api.moonshot.ai': 'moonshotai',
  'inference.baseten.co': 'baseten',
  'openrouter.ai': 'openrouter',
  'api.deepgram.com': 'deepgram',
  'eleven labs': 'elevenlabs',
};

/** A provider's name as prices have it. */
export function providerOf(name: string): string {
  const lower = name.trim().toLowerCase();
  if (lower.endsWith('.openai.azure.com')) return 'azure';
  return Object.hasOwn(providers, lower) ? (providers[lower] as string) : lower;
}

export const modelOf = (name: string): string => name.trim().toLowerCase();

/** What a provider adds to a model's name for one state of it: a date, a number, or `latest`. */
const version = /[-@](?:\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{8}|\d{6}|\d{3,4}|latest)$/;

/** The name without its version, or undefined if it has none. */
export function withoutVersion(model: string): string | undefined {
  const base = model.replace(version, '');
  return base === model || base === '' ? undefined : base;
}

/** Whether a pattern, in which `*` stands for any text, is the name. Takes time in proportion to both. */
export function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() as string;
  if (name.length < first.length + last.length) return false;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
