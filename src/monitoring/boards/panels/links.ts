import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

/** Every board, in the order in which they are offered. */
export const boardTitles = {
  fleet: 'Fleet overview',
  latency: 'Latency',
  'turn-taking': 'Turn-taking',
  models: 'Models and providers',
  realtime: 'Realtime models',
  slo: 'Service levels',
  releases: 'Releases',
  cost: 'Usage and cost',
  tools: 'Tools and handoffs',
  sessions: 'Sessions',
  session: 'Session',
  workers: 'Workers',
  transport: 'Transport',
  health: "Talkgauge's health",
  runbooks: 'Runbooks',
} as const;

export type BoardName = keyof typeof boardTitles;

export const uidOf = (name: BoardName): string => `talkgauge-${name}`;

/** Tag by which the boards find each other. */
export const boardTag = 'talkgauge';

/** Variables that boards share, and that links forward. */
const sharedVariables = ['datasource', 'logs', 'traces', 'agent', 'version', 'provider', 'model'] as const;

/** The address of a board with this one's time range and filters, and what is set beside them. */
export function boardUrl(name: BoardName, set: Readonly<Record<string, string>> = {}): string {
  const kept = sharedVariables
    .filter((variable) => !(variable in set))
    .map((variable) => `\${${variable}:queryparam}`);
  const given = Object.entries(set).map(([variable, value]) => `var-${variable}=${value}`);
  return `/d/${uidOf(name)}?\${__url_time_range}&${[...kept, ...given].join('&')}`;
}

/** A board whose links forward its own variables; Grafana would leave the names of others in the address. */
export function withoutUnknownVariables<B>(board: B, variables: readonly string[]): B {
  const text = sharedVariables
    .filter((variable) => !variables.includes(variable))
    .reduce((json, variable) => json.replaceAll(`&\${${variable}:queryparam}`, ''), JSON.stringify(board));
  return JSON.parse(text);
}

/** Boards whose links set and forward only variables of the target board. */
export function withKnownLinkVariables<B extends object>(
  board: B,
  variablesOf: (uid: string) => readonly string[],
): B {
  const there = (url: string): string => {
    const [, uid = '', before = '', query = ''] = /^\/d\/([\w-]+)([^?]*)\?(.*)$/s.exec(url) ?? [];
    if (uid === '') return url;
    const known = variablesOf(uid);
    const kept = query.split('&').filter((part) => {
      const [, set, handed] = /^(?:var-(\w+)=|\$\{(\w+):queryparam\})/.exec(part) ?? [];
      const name = set ?? handed;
      return name === undefined || known.includes(name);
    });
    return `/d/${uid}${before}?${kept.join('&')}`;
  };
  return JSON.parse(JSON.stringify(board), (key, value) =>
    key === 'url' && typeof value === 'string' ? there(value) : value,
  );
}

/** A link to another board. */
export const linkTo = (name: BoardName, title: string = boardTitles[name], set?: Record<string, string>) =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).title(title).url(boardUrl(name, set));

/** The menu of all boards, on top of each. */
export const menu = () =>
  new DashboardLinkBuilder('Boards')
    .type(DashboardLinkType.Dashboards)
    .tags([boardTag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);

/** A number that stays with its title, wherever the panel stands; FNV-1a, cut to what Grafana takes as an id. */
export function panelId(board: string, title: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${board}/${title}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0) % 1_000_000_000;
}
