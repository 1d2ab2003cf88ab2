import { createSocket } from 'node:dgram'
import { hostname } from 'node:os'
import { HalibutError } from '../base/errors.ts'
import { deliver } from '../socket/deliver.ts'
import type { Destinations } from '../socket/destinations.ts'
import type { HeadOutlet } from './head-sender.ts'
import { headMessage } from './signed-head.ts'

/** Where a collector of logs is, and how it is spoken to. */
export interface SyslogAddress {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly host: string
  readonly port: number
}

/** How heads come to a collector of logs. */
export interface SyslogOptions extends SyslogAddress {
  /** PEM: whom to believe over TLS beside the authorities that everybody does. Default: nobody. */
  readonly authorities?: readonly string[] | undefined
  /** Where connections may go. */
  readonly destinations: Pick<Destinations, 'checkHost' | 'lookupFor'>
  readonly now?: () => number
}

const ports = { udp: 514, tcp: 601, tls: 6514 } as const

/** Reads `udp://logs.example`, `tcp://…`, `tls://…`, with a port where it is not 514, 601 or 6514. Throws `invalid_argument`. */
export function parseSyslogAddress(text: string): SyslogAddress {
  const [, transport, host = '', port] = /^(udp|tcp|tls):\/\/(\[[0-9A-Fa-f:.]+\]|[^\s/:@?#[\]]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? []
  const found = (['udp', 'tcp', 'tls'] as const).find(each => each === transport)
  const number = port === undefined ? found && ports[found] : Number(port)
  if (!found || !number || number > 65_535)
    throw new HalibutError('invalid_argument', `${JSON.stringify(text)} is not an address such as tls://logs.example:6514`)
  return { transport: found, host: host.replace(/^\[|\]$/g, ''), port: number }
}

/** Sends heads to a collector of logs by RFC 5424: a datagram each, or octets that are counted (RFC 6587, RFC 5425) on a connection each. */
export function syslogOutlet({ transport, host, port, authorities, destinations, now = Date.now }: SyslogOptions): HeadOutlet {
  return {
    name: 'syslog',
    send: async (head, signal) => {
      destinations.checkHost(host, port, 'us')
      const message = Buffer.from(syslogMessage(headMessage(head), now()))
      const lookup = destinations.lookupFor(port)
      if (transport === 'udp') {
        await sendDatagram(message, { host, port, lookup, signal })
        return
      }
      const content = Buffer.concat([Buffer.from(`${message.length} `), message])
      await deliver(content, { host, port, lookup, signal, tls: transport === 'tls' ? { authorities } : undefined })
    },
  }
}

/** Facility 13 (log audit), severity 5 (notice). */
const priority = 13 * 8 + 5

function syslogMessage(text: string, atMs: number): string {
  const host = hostname()
    .replaceAll(/[^\x21-\x7e]/g, '')
    .slice(0, 255)
  return `<${priority}>1 ${new Date(atMs).toISOString()} ${host || '-'} halibut-gateway ${process.pid} audit-head - ${text}`
}

interface DatagramOptions {
  readonly host: string
  readonly port: number
  readonly lookup: ReturnType<Destinations['lookupFor']>
  readonly signal: AbortSignal
}

/** Nobody says whether it has come. */
async function sendDatagram(message: Uint8Array, { host, port, lookup, signal }: DatagramOptions): Promise<void> {
  const { address, family } = await new Promise<{ address: string; family: number }>((resolve, reject) => {
    lookup(host, { all: false }, (why, found, kind) => {
      if (why) reject(why)
      else resolve({ address: String(found), family: kind ?? 4 })
    })
  })
  signal.throwIfAborted()
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.send(message, port, address, why => {
        if (why) reject(why)
        else resolve()
      })
    })
  } finally {
    socket.close()
  }
}
