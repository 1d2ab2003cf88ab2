import type { ByteChannel } from '../../server/src/base/byte-channel.ts'
import { defaultLimits, type Limits } from '../../server/src/base/limits.ts'
import { Openings } from '../../server/src/base/openings.ts'
import { type DialOptions, dial } from '../../server/src/socket/dial.ts'
import { HandshakeLine } from '../../server/src/socket/handshake-line.ts'
import { type Listener, type ListenOptions, listen } from '../../server/src/socket/listen.ts'
import { testIdentity } from './certificates.ts'

/** Timeouts and so on that no test waits for. */
export const patient = {
  connectTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  receiveTimeoutMs: 10_000,
  sendTimeoutMs: 10_000,
  keepAliveIdleMs: 5_000,
}

/** A line of one’s own, with these limits in the place of the defaults. */
export function testLine(limits: Partial<Limits> = {}): HandshakeLine {
  const all = { ...defaultLimits, ...limits }
  return new HandshakeLine(all, new Openings(all))
}

/** A listener of ours with what a test needs to wait for. */
export interface TestListener extends Listener, AsyncDisposable {
  readonly line: HandshakeLine
  /** The next channel that came and nobody has taken. */
  accept(): Promise<ByteChannel>
  /** The next caller that was dropped before TLS was through. */
  rejection(): Promise<{ remoteAddress: string; error: Error }>
}

/** Listens with the identity `acceptor`; every channel is destroyed at the end. */
export async function testListener(options: Partial<ListenOptions> = {}): Promise<TestListener> {
  const channels: ByteChannel[] = []
  const accepted = mailbox<ByteChannel>()
  const rejected = mailbox<{ remoteAddress: string; error: Error }>()
  const line = options.line ?? testLine()
  const listener = await listen({
    port: 0,
    certificate: testIdentity('acceptor'),
    ...patient,
    line,
    onConnection(channel) {
      channels.push(channel)
      accepted.put(channel)
    },
    onRejected: (remoteAddress, error) => rejected.put({ remoteAddress, error }),
    ...options,
  })
  return {
    ...listener,
    line,
    accept: accepted.take,
    rejection: rejected.take,
    async [Symbol.asyncDispose]() {
      await listener.close()
      for (const channel of channels) channel.destroy()
      await Promise.all(channels.map(channel => channel.closed))
    },
  }
}

/** Dials a port of this machine with the identity `dialler`. */
export function testDial(port: number, options: Partial<DialOptions> = {}): Promise<ByteChannel> {
  return dial({ host: '127.0.0.1', port, uri: `https://localhost:${port}/`, certificate: testIdentity('dialler'), ...patient, ...options })
}

/** Two channels of ours, connected by TLS on loopback. */
export interface SocketPair extends AsyncDisposable {
  readonly dialler: ByteChannel
  readonly acceptor: ByteChannel
}

export async function socketPair(options: Partial<DialOptions & ListenOptions> = {}): Promise<SocketPair> {
  const listener = await testListener(options)
  const dialler = await testDial(listener.port, {
    ...options,
    host: '127.0.0.1',
    port: listener.port,
    certificate: testIdentity('dialler'),
  })
  const acceptor = await listener.accept()
  return {
    dialler,
    acceptor,
    async [Symbol.asyncDispose]() {
      dialler.destroy()
      await listener[Symbol.asyncDispose]()
      await dialler.closed
    },
  }
}

function mailbox<T>(): { put(item: T): void; take(): Promise<T> } {
  const items: T[] = []
  const takers: ((item: T) => void)[] = []
  return {
    put(item) {
      const taker = takers.shift()
      if (taker) taker(item)
      else items.push(item)
    },
    take() {
      const item = items.shift()
      return item === undefined ? new Promise(resolve => takers.push(resolve)) : Promise.resolve(item)
    },
  }
}
