import { startPeer } from '../peer.ts'
import type { Row } from '../rounds.ts'

/** A request of about 457 bytes through a contract, to the wire and back, against the `bson` package with synchronous zlib. */
export const codecRow: Row = {
  name: 'message codec / bson with synchronous zlib',
  floor: 5,
  aim: 7,
  unit: 'messages/s',
  async open() {
    const peer = startPeer('codec')
    return { ours: () => peer.ask('ours'), rival: () => peer.ask('rival'), close: () => peer.stop() }
  },
}
