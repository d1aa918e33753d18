import { formatSpan } from '../clock.ts';
import { segmentNames, segmentToken } from '../timeline/lanes.ts';
import type { Turn } from './turns.ts';

export interface WaterfallProps {
  latency: NonNullable<Turn['latency']>;
  /** What all of the width stands for, in seconds: the same in all turns, so that they can be compared. */
  scale: number;
}

/** How high a waterfall is: its title, and a row for each part. */
export const waterfallRem = ({ segments }: WaterfallProps['latency']): number =>
  1.5 + 1.125 * segments.length;

/** What a caller waited for in a turn: each part begins where the one before it ended. */
export function Waterfall({ latency: { e2e, segments }, scale }: WaterfallProps) {
  const share = (seconds: number) => `${Math.min(100, (100 * seconds) / scale)}%`;
  let before = 0;
  return (
    <table class="waterfall">
      <caption>
        Waited <strong>{formatSpan(e2e)}</strong>
      </caption>
      <tbody>
        {segments.map(({ segment, seconds }) => {
          const left = share(before);
          before += seconds;
          return (
            <tr key={segment}>
              <th scope="row">{segmentNames[segment]}</th>
              <td class="waterfall-track">
                <span
                  class="waterfall-bar"
                  style={{
                    marginLeft: left,
                    width: share(seconds),
                    background: `var(${segmentToken(segment)})`,
                  }}
                />
              </td>
              <td>{formatSpan(seconds)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
