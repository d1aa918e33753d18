/**
 * Why the server could not start; the message says what to do about it.
 *
 * `code` is the system's (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND`, …), or `ERR_PORT`,
 * `ERR_HOST`, `ERR_AUTH`, `ERR_TLS` for an option that is wrong.
 */
export class ServeError extends Error {
  override readonly name = 'ServeError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Says in the user's terms why listening failed.
 *
 * @param variables what the names of the environment variables for host and port begin with
 */
export function listenError(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
  variables: string,
): ServeError {
  const code = cause.code ?? 'ERR_LISTEN';
  return new ServeError(code, explain(code, cause.message, host, port, variables), { cause });
}

function explain(code: string, message: string, host: string, port: number, variables: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use; pass { port } or set ${variables}_PORT`;
    case 'EACCES':
      return `Port ${port} needs privileges that this process lacks; pass a { port } above 1023 or set ${variables}_PORT`;
    case 'EADDRNOTAVAIL':
      return `Host ${host} is no address of this machine; pass { host } or set ${variables}_HOST`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `Host ${host} cannot be resolved (${code}); pass { host } or set ${variables}_HOST`;
    default:
      return `Listening on ${host}, port ${port} failed (${message}); pass { host, port } or set ${variables}_HOST, ${variables}_PORT`;
  }
}
