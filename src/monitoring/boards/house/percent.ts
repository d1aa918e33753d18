/** A ratio in words, for descriptions: 0.05 is `5 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;
