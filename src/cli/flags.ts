/** `pass { port }` is for code; a command has `--port`, and for `{ gatewayPort }` `--gateway-port`. */
export const withFlagNames = (message: string): string =>
  message.replace(/\{ (\w+(?:, \w+)*) \}/g, (_, names: string) =>
    names.split(', ').map(flagOf).join(' and '),
  );

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
