/** The canary texts of the conversation found anywhere in a value; see agents/conversation.cjs. */
export const canariesIn = (where: unknown) =>
  [...new Set(JSON.stringify(where).match(/(?<=canary-)[a-z]+/g))].sort();
