import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How far away the other end is. */
export interface Distance {
  readonly roundTripMs: number
  /** Of each direction, for all connections together. Default: no limit. */
  readonly bytesPerSecond?: number
}

/** A TCP relay that makes its target far away, and can cut the line. */
export interface DistantRelay extends AsyncDisposable {
  readonly port: number
  readonly connections: number
  /** Ends all connections; what is under way on them is lost. */
  cut(): void
}

/** What may wait for its turn on the line before its sender has to, as in the queue of a router. */
const queueMs = 25

/** One direction of the line: what goes over it goes one after another. */
interface Line {
  /** When it has sent what it was given, by `performance.now()`. */
  freeAtMs: number
}

/** What one connection sends in one direction, and when each piece of it arrives. */
interface Lane {
  readonly from: Socket
  readonly to: Socket
  readonly line: Line
  readonly pieces: { readonly atMs: number; readonly bytes: Buffer | undefined }[]
}

/** Everything that goes through arrives half of the round trip later, and no faster than the line is. One timer serves all of it. */
export async function distantRelay(targetPort: number, distance: Distance): Promise<DistantRelay> {
  const { roundTripMs, bytesPerSecond = Number.POSITIVE_INFINITY } = distance
  const lanes = new Set<Lane>()
  const sockets = new Set<Socket>()
  const [up, down]: [Line, Line] = [{ freeAtMs: 0 }, { freeAtMs: 0 }]
  let connections = 0
  let timer: NodeJS.Timeout | undefined
  let lookAtMs = Number.POSITIVE_INFINITY

  const lookBy = (atMs: number): void => {
    if (atMs >= lookAtMs) return
    clearTimeout(timer)
    lookAtMs = atMs
    timer = setTimeout(look, Math.max(1, atMs - performance.now()))
  }
  const look = (): void => {
    lookAtMs = Number.POSITIVE_INFINITY
    const now = performance.now()
    for (const lane of lanes) {
      const { from, to, line, pieces } = lane
      to.cork()
      while (pieces[0] && pieces[0].atMs <= now && !to.writableNeedDrain) {
        const { bytes } = pieces.shift() ?? {}
        if (bytes) to.write(bytes)
        else to.end()
      }
      to.uncork()
      if (from.isPaused() && line.freeAtMs - now < queueMs) from.resume()
      // Whoever does not read lets the line wait: its own `drain` looks again.
      if (pieces[0] && !to.writableNeedDrain) lookBy(pieces[0].atMs)
      if (from.isPaused()) lookBy(line.freeAtMs - queueMs)
    }
  }
  const carry = (from: Socket, to: Socket, line: Line): void => {
    const lane: Lane = { from, to, line, pieces: [] }
    const put = (bytes: Buffer | undefined): void => {
      const now = performance.now()
      line.freeAtMs = Math.max(now, line.freeAtMs) + ((bytes?.byteLength ?? 0) / bytesPerSecond) * 1_000
      lane.pieces.push({ atMs: line.freeAtMs + roundTripMs / 2, bytes })
      if (line.freeAtMs - now >= queueMs) from.pause()
      lookBy(line.freeAtMs + roundTripMs / 2)
    }
    lanes.add(lane)
    sockets.add(from)
    from.setNoDelay(true)
    from.on('data', put)
    from.on('end', () => put(undefined))
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      if (from.readableEnded) return
      lanes.delete(lane)
      to.destroy()
    })
    to.on('drain', look)
    to.on('close', () => lanes.delete(lane))
  }
  const server = createServer({ allowHalfOpen: true }, incoming => {
    connections++
    const outgoing = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    carry(incoming, outgoing, up)
    carry(outgoing, incoming, down)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
    lanes.clear()
    up.freeAtMs = down.freeAtMs = 0
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    cut,
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
