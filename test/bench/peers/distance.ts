// A line to somewhere far away, in a process of its own.
import { type Distance, distantRelay } from '../../support/distant-relay.ts'
import { answer } from '../peer.ts'

/** The port at which `port` is so far away. */
async function listen({ port, distance }: { port: number; distance: Distance }): Promise<number> {
  return (await distantRelay(port, distance)).port
}

answer({ listen })
