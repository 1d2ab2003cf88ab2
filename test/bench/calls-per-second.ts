/** How many calls a second so many callers get answered, each making one call after another. */
export async function callsPerSecond(call: () => Promise<unknown>, measureMs: number, callers: number): Promise<number> {
  // Connections that a caller needs are there before the clock starts.
  await Promise.all(Array.from({ length: callers }, call))
  const startedAt = performance.now()
  let count = 0
  let elapsed = 0
  async function caller(): Promise<void> {
    for (; elapsed < measureMs; elapsed = performance.now() - startedAt) {
      await call()
      count++
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (count / elapsed) * 1000
}
