/** Where there is little room. */
export const noServer = 'LiveKit server not scraped';

export const notScraped =
  "LiveKit's server is not scraped, or it is LiveKit Cloud, which cannot be; see below for how to";

export const noStreams = `${notScraped}. Or nobody was connected in this time range`;
