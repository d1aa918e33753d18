/** Answers that are kept, and how long one may be, in characters: some forty megabytes in all. */
const mostKept = 8;
const longest = 5_000_000;

/** Answers that take work, made once for all who ask until the session changes. */
export class SharedAnswers {
  /** By what is asked for; the one that was asked for last is the last. */
  readonly #kept = new Map<string, { version: string; json: Promise<string> }>();

  /**
   * @param name of what is asked for
   * @param version another one makes the answer anew
   */
  of(name: string, version: string, make: () => Promise<unknown>): Promise<string> {
    const known = this.#kept.get(name);
    const answer = known?.version === version ? known : { version, json: make().then(JSON.stringify) };
    this.#kept.delete(name);
    this.#kept.set(name, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    if (answer !== known) {
      const drop = () => this.#kept.get(name) === answer && this.#kept.delete(name);
      answer.json.then(({ length }) => length > longest && drop(), drop);
    }
    return answer.json;
  }

  /** Keeps no answer of this name. */
  forget(name: string): void {
    this.#kept.delete(name);
  }
}
