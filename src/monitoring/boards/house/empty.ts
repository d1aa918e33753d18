/** Why a panel may have nothing to show. */
export const noTurns = 'No measured turns in this time range';
export const noCalls = 'No session ended in this time range';
export const withoutRules = 'Needs the recording rules, and an hour of calls';
