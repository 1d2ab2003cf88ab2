/** Whether a host to listen on means every address of this machine. */
export function isEverything(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** Whether nobody but this machine reaches a host to listen on. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
