import type { Step } from '../../server/src/exchange/states.ts'
import type { TlsIdentity } from '../../server/src/socket/secure-context.ts'
import { dialRaw, listenRaw, type RawPeer } from './raw-peer.ts'
import { serverIdentity } from './scripted-halibut.ts'

/** What happens to a connection: both sides see it end, are reset, hear nothing more, see it end in the middle, or get a wrong byte. */
export const relayFaults = ['drop', 'reset', 'stall', 'cut', 'flip'] as const
export type RelayFault = (typeof relayFaults)[number]

type Side = 'dialler' | 'acceptor'

export interface FaultRelayOptions {
  readonly mode: 'listening' | 'polling'
  readonly targetPort: number
  /** Shown to the acceptor. */
  readonly dialler: TlsIdentity
  /** Shown to the dialler. */
  readonly acceptor: TlsIdentity
  readonly step: Step
  readonly fault: RelayFault
  /** Which piece of that step is struck, counted from 1. */
  readonly piece: number
}

/** Stands between two runtimes, with the keys of both, and strikes once. */
export interface FaultRelay extends AsyncDisposable {
  readonly port: number
  readonly struck: boolean
}

export async function faultRelay(options: FaultRelayOptions): Promise<FaultRelay> {
  const { targetPort, dialler, acceptor, fault, step } = options
  const outgoing = new Set<RawPeer>()
  let piecesLeft = options.piece
  let struck = false
  const listener = await listenRaw({
    certificate: acceptor,
    host: '127.0.0.1',
    async onConnection(caller) {
      const early: Buffer[] = []
      const keep = (chunk: Buffer): void => void early.push(chunk)
      caller.socket.on('data', keep)
      const callee = await dialRaw(targetPort, { certificate: dialler })
      outgoing.add(callee)
      const label = options.mode === 'listening' ? listeningSteps() : pollingSteps()
      let silent = false

      function strike(to: RawPeer, bytes: Buffer): void {
        struck = true
        if (fault === 'flip') {
          const wrong = Buffer.from(bytes)
          wrong[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0xff
          to.socket.write(wrong)
          return
        }
        silent = true
        if (fault === 'stall') return
        if (fault === 'cut') to.socket.write(bytes.subarray(0, bytes.length >> 1))
        for (const peer of [caller, callee]) {
          if (fault === 'reset') peer.reset()
          else peer.end()
        }
      }

      function forward(from: Side, to: RawPeer, chunk: Buffer): void {
        for (const [name, bytes] of label(from, chunk)) {
          if (silent) return
          if (!struck && name === step && --piecesLeft === 0) strike(to, bytes)
          else to.socket.write(bytes)
        }
      }

      caller.socket.off('data', keep)
      for (const chunk of early) forward('dialler', callee, chunk)
      caller.socket.on('data', chunk => forward('dialler', callee, chunk))
      callee.socket.on('data', chunk => forward('acceptor', caller, chunk))
      // Whoever hears nothing has to find out by itself.
      const over = (other: RawPeer): void => {
        if (!silent) other.destroy()
      }
      void caller.closed.then(() => over(callee))
      void callee.closed.then(() => {
        outgoing.delete(callee)
        over(caller)
      })
    },
  })
  return {
    port: listener.port,
    get struck() {
      return struck
    },
    async [Symbol.asyncDispose]() {
      for (const peer of outgoing) peer.destroy()
      await listener[Symbol.asyncDispose]()
      await Promise.all([...outgoing].map(peer => peer.closed))
    },
  }
}

type Labeller = (from: Side, chunk: Buffer) => (readonly [Step, Buffer])[]

/** The two take turns strictly. */
function listeningSteps(): Labeller {
  const turns: readonly Step[] = ['identify', 'identify', 'request', 'response', 'idle', 'ready']
  let turn = 0
  return (from, chunk) => {
    const side: Side = turn % 2 === 0 ? 'dialler' : 'acceptor'
    if (from !== side) turn = turn + 1 < turns.length ? turn + 1 : 2
    return [[turns[turn] as Step, chunk]]
  }
}

/** Response and NEXT may come in one piece, and so may MX-SERVER or PROCEED and a request. */
function pollingSteps(): Labeller {
  let identified = false
  let answered = false
  const split = (chunk: Buffer, at: number, first: Step, second: Step) =>
    [[first, chunk.subarray(0, at)] as const, [second, chunk.subarray(at)] as const].filter(([, bytes]) => bytes.length > 0)
  return (from, chunk) => {
    if (from === 'dialler') {
      if (!identified) return [['identify', chunk]]
      answered = true
      return split(chunk, chunk.length - (chunk.toString('latin1').endsWith('NEXT\r\n') ? 6 : 0), 'response', 'idle')
    }
    if (!identified) {
      identified = true
      return split(chunk, serverIdentity.length, 'identify', 'request')
    }
    const proceeds = answered && chunk.toString('latin1', 0, 9) === 'PROCEED\r\n'
    answered = false
    return split(chunk, proceeds ? 9 : 0, 'ready', 'request')
  }
}
