/** A Prometheus duration, such as `1m`, in seconds. */
export function seconds(duration: string): number;
