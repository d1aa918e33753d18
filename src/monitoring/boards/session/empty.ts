/** Why a panel about one call is empty. */
export const noCall = 'Nothing of this call in this time range';

/** How the reader mends that. */
export const widen =
  'If it is empty, no call is chosen (choose one on the board Sessions), or the time range leaves it out.';
