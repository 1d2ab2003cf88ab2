import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP relay that kills its connections: each after a number of bytes that `budget` tells, half of them with a reset. */
export interface CuttingRelay extends AsyncDisposable {
  readonly port: number
  readonly connections: number
  readonly killed: number
}

/** Numbers from 0 to 1 that a seed determines. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** `budget` gives the bytes, in both directions together, after which the connection dies; `Infinity`: never. */
export async function cuttingRelay(targetPort: number, budget: () => number, random: () => number): Promise<CuttingRelay> {
  const sockets = new Set<Socket>()
  let connections = 0
  let killed = 0
  const server = createServer(incoming => {
    connections++
    const outgoing = connect(targetPort, '127.0.0.1')
    let left = budget()
    const kill = (): void => {
      if (incoming.destroyed) return
      killed++
      if (random() < 0.5) {
        incoming.resetAndDestroy()
        outgoing.resetAndDestroy()
      } else {
        incoming.destroy()
        outgoing.destroy()
      }
    }
    const forward = (from: Socket, to: Socket): void => {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('data', chunk => {
        const part = chunk.subarray(0, Math.max(0, Math.min(chunk.length, left)))
        left -= chunk.length
        if (part.length > 0 && !to.write(part)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        if (left <= 0) kill()
      })
    }
    forward(incoming, outgoing)
    forward(outgoing, incoming)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    get killed() {
      return killed
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}
