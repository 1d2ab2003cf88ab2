/** Microseconds of processor time that this process has used. */
export function cpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Resident bytes after collecting garbage. */
export async function rss(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return process.memoryUsage.rss()
}
