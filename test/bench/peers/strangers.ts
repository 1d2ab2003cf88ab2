// Whoever knocks and is nobody: TLS handshakes that stall in the middle, and callers without a certificate that say nothing.
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as dialTls } from 'node:tls'
import { answer } from '../peer.ts'

const host = '127.0.0.1'
/** The header of a record of 512 bytes with a ClientHello in it, of which nothing more comes. */
const beginning = Buffer.from('160301020001', 'hex')
/** At a time: thousands of dials in one turn would keep this process from its own handshakes. */
const dialsInTurn = 25

const open = new Set<Socket>()
/** How many were let through TLS. */
let greeted = 0

/** Strangers have machines of their own: this process gives way to all others here. */
function giveWay(): void {
  setPriority(5)
}

/** So many come, every second one with a handshake that stalls. Gives how many of the others were through TLS when the time was over. */
async function attack({ port, count, measureMs }: { port: number; count: number; measureMs: number }): Promise<number> {
  greeted = 0
  const ended = pause(measureMs)
  for (let begun = 0; begun < count; begun++) {
    if (begun % 2 === 0) stall(port)
    else knock(port)
    if (begun % dialsInTurn === 0) await pause(1)
  }
  await ended
  return greeted
}

function stall(port: number): void {
  const socket = keep(connect({ host, port }))
  socket.once('connect', () => socket.write(beginning))
}

function knock(port: number): void {
  const socket = dialTls({ host, port, rejectUnauthorized: false })
  keep(socket)
  socket.once('secureConnect', () => {
    greeted++
  })
}

function keep(socket: Socket): Socket {
  open.add(socket)
  socket.on('error', () => undefined)
  socket.once('close', () => open.delete(socket))
  return socket
}

/** Ends all that is left, and resolves when nothing is. */
async function leave(): Promise<void> {
  for (const socket of open) socket.destroy()
  while (open.size > 0) await pause(20)
}

answer({ giveWay, attack, leave })
