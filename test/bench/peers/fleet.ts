// A fleet of polling agents in one process: plain TLS of Node, each with a certificate of its own, and no more of the protocol than an idle
// agent needs. They come back as the reference does: 5 s after a connection that worked, later where they find nobody.
import { createHash, createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto'
import { setPriority } from 'node:os'
import { createSecureContext, connect as dialTls, type SecureContext, type TLSSocket } from 'node:tls'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'
import { cpu } from '../usage.ts'

const host = '127.0.0.1'
const leastPauseMs = 5_000
const longestPauseMs = 120_000

interface Agent {
  readonly greeting: string
  readonly context: SecureContext
  tryingSinceMs: number | undefined
  socket?: TLSSocket
  pause?: NodeJS.Timeout
}

const agents: Agent[] = []
/** Those that are to be connected. */
let active: readonly Agent[] = []
let port = 0
let connected = 0
let dials = 0
/** When the first of them found somebody since {@link awaitDial} was asked for. */
let firstDialMs: number | undefined
let tellDial: (() => void) | undefined
let tellAll: (() => void) | undefined

/** Makes their certificates; gives the thumbprint of each. */
function create({ identity, count }: { identity: Identity; count: number }): string[] {
  const key = createPrivateKey(identity.keyPem)
  const { raw, serialNumber } = new X509Certificate(identity.certificatePem)
  const thumbprints: string[] = []
  for (let i = 0; i < count; i++) {
    const der = withSerial(raw, Buffer.from(serialNumber, 'hex'), content => sign('sha256', content, key))
    const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
    agents.push({
      greeting: `MX\r\n\r\nMX-SUBSCRIBER 1.0 poll://agent-${i}/\r\n\r\n`,
      context: createSecureContext({ cert, key: identity.keyPem }),
      tryingSinceMs: undefined,
    })
    thumbprints.push(createHash('sha1').update(der).digest('hex').toUpperCase())
  }
  return thumbprints
}

/** The same certificate with another serial number, signed anew: a key of its own for each would take ten minutes. */
function withSerial(der: Buffer, serial: Buffer, signed: (content: Buffer) => Buffer): Buffer {
  const made = Buffer.from(der)
  const at = made.indexOf(serial)
  randomBytes(serial.length - 1).copy(made, at + 1)
  // SEQUENCE { content, algorithm, BIT STRING }, lengths in two bytes each; an RSA-2048 signature is the last 256.
  const content = made.subarray(4, 8 + made.readUInt16BE(6))
  signed(content).copy(made, made.length - 256)
  return made
}

/** Has those from `from` on up to `to` dial, and come back for ever. */
function start({ port: at, from, to }: { port: number; from: number; to: number }): void {
  port = at
  active = agents.slice(0, to)
  for (const agent of active.slice(from)) dialSoon(agent)
}

/** Ends all connections, and nobody comes back. */
async function halt(): Promise<void> {
  const before = active
  active = []
  for (const { socket, pause } of before) {
    clearTimeout(pause)
    socket?.destroy()
  }
  while (connected > 0) await new Promise(resolve => setTimeout(resolve, 20))
}

const dialsInTurn = 10
const due: Agent[] = []

/** Thousands of dials in one turn would keep those waiting that are connected; a fleet on machines of its own has no such turn. */
function dialSoon(agent: Agent): void {
  due.push(agent)
  if (due.length === 1) setImmediate(dialNext)
}

function dialNext(): void {
  for (const agent of due.splice(0, dialsInTurn)) if (active.length > 0) dial(agent)
  if (due.length > 0) setImmediate(dialNext)
}

function dial(agent: Agent): void {
  const now = performance.now()
  agent.tryingSinceMs ??= now
  dials++
  let isConnected = false
  const socket = dialTls({ host, port, secureContext: agent.context, rejectUnauthorized: false })
  agent.socket = socket
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.once('connect', () => {
    firstDialMs ??= performance.now()
    tellDial?.()
  })
  socket.once('secureConnect', () => socket.write(agent.greeting))
  socket.on('data', (data: Buffer) => {
    if (isConnected) {
      // A message without a request asks whether we live; PROCEED, which follows, asks nothing.
      if (data.toString('latin1', 0, 7) !== 'PROCEED') socket.write('NEXT\r\n')
      return
    }
    isConnected = true
    agent.tryingSinceMs = undefined
    connected++
    if (connected === active.length) tellAll?.()
  })
  socket.once('close', () => {
    if (isConnected) connected--
    if (active.length === 0) return
    const elapsedMs = agent.tryingSinceMs === undefined ? 0 : performance.now() - agent.tryingSinceMs
    const pauseMs = Math.min(longestPauseMs, Math.max(leastPauseMs, elapsedMs * (1 + Math.random())))
    agent.pause = setTimeout(dialSoon, pauseMs, agent)
  })
}

/** Resolves when the first of them finds somebody, from now on. */
function awaitDial(): Promise<void> {
  firstDialMs = undefined
  dials = 0
  return new Promise(resolve => {
    tellDial = resolve
  })
}

/** Milliseconds from then until all are connected, and with how many dials. */
async function awaitAll(): Promise<{ ms: number; dials: number }> {
  await new Promise<void>(resolve => {
    tellAll = resolve
  })
  return { ms: performance.now() - (firstDialMs ?? Number.NaN), dials }
}

/** A fleet has machines of its own: from now on it gives way to all others here. */
function giveWay(): void {
  setPriority(5)
}

answer({ create, giveWay, start, halt, awaitDial, awaitAll, connected: () => connected, cpu })
