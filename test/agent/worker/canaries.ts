/** What of the conversation is in there, wherever; see agents/conversation.cjs. */
export const canariesIn = (where: unknown) =>
  [...new Set(JSON.stringify(where).match(/(?<=canary-)[a-z]+/g))].sort();
