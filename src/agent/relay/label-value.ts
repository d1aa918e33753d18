/** What of a label value is sent, in UTF-16 units; the recorder looks at no more of it, and keeps less. */
const maxLength = 512;

/** The part of a label value that is worth keeping and sending. */
export const cut = (value: string): string =>
  value.length <= maxLength
    ? value
    : // Through bytes, because a slice would keep the whole string alive.
      Buffer.from(value.slice(0, maxLength), 'utf16le').toString('utf16le');
