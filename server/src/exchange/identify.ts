import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import { formatIdentity, type Identity, LineReader, PreambleReader, parseIdentity } from '../codec/control-message.ts'
import type { Transfer } from './transfer.ts'

/** What a dialler writes first (spec §1.6): the form that every listener accepts. */
const preamble = Buffer.from('MX\r\n\r\n', 'latin1')

/**
 * The dialler’s opening (spec §2.2): preamble, who we are, then the acceptor’s answer, which must be `MX-SERVER`. Preamble and identity
 * leave in one write, which every acceptor takes (it reads the preamble byte by byte), and which keeps the identity’s two lines together:
 * services before 4.4.9 often miss one whose lines arrive apart.
 */
export async function identifyAsDialler(transfer: Transfer, identity: Identity): Promise<void> {
  const { channel } = transfer
  channel.sendTimeoutMs = transfer.options.limits.tcpClientSendTimeoutMs
  await channel.write(Buffer.concat([preamble, formatIdentity(identity)]))
  const remote = await receiveIdentity(transfer)
  if (remote.type !== 'server') {
    throw new HalibutError(
      'protocol_error',
      `Expected the remote endpoint to identity as a server. Instead, it identified as: ${typeName(remote.type)}`,
      { phase: 'identify', dotnetType: 'Halibut.Transport.Protocol.ProtocolException' },
    )
  }
}

/** Reads over the acceptor’s first block, at most `maxChars`. Resolves with its first two characters; fewer where the input ended. */
export async function receivePreamble(channel: ByteChannel, maxChars: number): Promise<string> {
  const reader = new PreambleReader(maxChars)
  for (;;) {
    const chunk = await channel.read()
    const found = chunk === undefined ? reader.finish() : reader.feed(chunk)
    if (!found) continue
    if (found.rest !== undefined) channel.unread(found.rest)
    return found.head
  }
}

/** An identity line and the empty line after it (spec §2.3). Every violation closes at once. */
export async function receiveIdentity(transfer: Transfer): Promise<Identity> {
  const timeoutMs = transfer.options.limits.tcpClientReceiveTimeoutMs
  try {
    const line = await transfer.receiveLine(timeoutMs)
    if (line === '') throw identityError('Unable to receive the remote identity; the identity line was empty.')
    const identity = parseIdentity(line)
    const next = await transfer.receiveLine(timeoutMs)
    if (next !== '') throw identityError('Unable to receive the remote identity; the following line was not empty.')
    return identity
  } catch (why) {
    throw why instanceof HalibutError ? why.with({ phase: 'identify' }) : why
  }
}

/**
 * What a caller says it is that is turned away whatever it says: its identity line, of which at most `maxBytes` are read. Nothing is answered.
 * `undefined`: it said nothing that is an identity before it went or the channel was ended.
 */
export async function overhearIdentity(channel: ByteChannel, maxBytes: number): Promise<Identity | undefined> {
  const reader = new LineReader(maxBytes)
  try {
    for (;;) {
      const chunk = await channel.read()
      if (chunk === undefined) return undefined
      const found = reader.feed(chunk)
      if (found) return parseIdentity(found.line)
    }
  } catch {
    return undefined
  }
}

/** The acceptor’s answer, once the remote’s identity has been read. */
export function answerIdentity(transfer: Transfer): Promise<void> | undefined {
  transfer.channel.sendTimeoutMs = transfer.options.limits.tcpClientSendTimeoutMs
  return transfer.channel.write(formatIdentity({ type: 'server' }))
}

/** The error of an acceptor whose remote claims to be one too; raised after the answer was written (spec §2.2 step 4). */
export function unexpectedServer(): HalibutError {
  return new HalibutError('protocol_error', 'Unexpected remote identity: Server', {
    phase: 'identify',
    dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
  })
}

function identityError(message: string): HalibutError {
  return new HalibutError('protocol_error', message, { phase: 'identify', dotnetType: 'Halibut.Transport.Protocol.ProtocolException' })
}

function typeName(type: Identity['type']): string {
  return type === 'client' ? 'Client' : type === 'server' ? 'Server' : 'Subscriber'
}
