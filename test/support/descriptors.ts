import { execFileSync } from 'node:child_process'

/** Beside the connections: what a process has open anyway, with room for files and pipes. */
const beside = 200

/** Throws where a process of this machine may not have so many connections open. */
export function requireDescriptors(connections: number): void {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  if (limit === 'unlimited' || Number(limit) >= connections + beside) return
  throw new Error(
    `${connections} connections in one process need ${connections + beside} file descriptors, and this machine allows ${limit} (ulimit -Hn): raise the limit, or run it elsewhere`,
  )
}
