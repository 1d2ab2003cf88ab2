import { startPeer } from '../peer.ts'
import type { Row } from '../rounds.ts'

/** The longest time for which one message holds the event loop, beside one millisecond: the figure is one of milliseconds. */
export const loopRow: Row = {
  name: 'longest block of the loop for any message within the limits / 1 ms',
  floor: 50,
  aim: 10,
  lowerIsBetter: true,
  unit: 'ms',
  async open() {
    const peer = startPeer('loop')
    return { ours: () => peer.ask('ours'), rival: () => Promise.resolve(1), close: () => peer.stop() }
  },
}
