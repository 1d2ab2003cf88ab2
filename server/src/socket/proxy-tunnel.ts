import { connect, type LookupFunction, type Socket } from 'node:net'
import { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import { awaitSocket, cancelled } from './await-socket.ts'
import { formatEndPoint, toHalibutError } from './errno.ts'
import { type ConnectTarget, tcpOptions } from './tcp-options.ts'

/** An HTTP proxy. No user, or a blank one: no credentials are sent. */
export interface ProxyOptions {
  readonly host: string
  readonly port: number
  readonly user?: string | undefined
  readonly password?: string | undefined
}

export interface TunnelOptions {
  readonly proxy: ProxyOptions
  readonly target: ConnectTarget
  /** Who resolves the proxy’s name. Default: the system. */
  readonly lookup?: LookupFunction | undefined
  readonly connectTimeoutMs: number
  readonly connectTimedOut: () => HalibutError
  /** For each read of the proxy’s answer. Default 15,000. */
  readonly responseTimeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const maxHeaderBytes = 16 * 1024
const endOfHeader = Buffer.from('\r\n\r\n', 'latin1')
const badGatewayHint =
  'If you are connecting to a Microsoft ISA destination please refer to knowledge based article Q283284 for more information.'

/**
 * Opens a tunnel through an HTTP proxy with CONNECT (spec §11.1). The socket comes back paused, and whatever followed the proxy’s header
 * is still in it: that belongs to TLS.
 * @throws {HalibutError} `proxy_failed`, `connect_timeout`, `cancelled`, `invalid_argument`.
 */
export async function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { proxy, target, signal } = options
  if (proxy.host.includes('://')) {
    throw new HalibutError('invalid_argument', "The proxy's hostname cannot contain a protocol prefix (eg http://)")
  }
  const socket = connect(tcpOptions(proxy, options.connectTimeoutMs, options.lookup))
  await awaitSocket({
    socket,
    event: 'connect',
    succeed: () => undefined,
    timeoutMs: options.connectTimeoutMs,
    timedOut: options.connectTimedOut,
    failed: error => unreachable(proxy, error === undefined ? undefined : toHalibutError(error, 'connect')),
    signal,
  })
  const proxyAddress = socket.remoteAddress ?? proxy.host
  try {
    socket.write(formatConnect(proxy, target))
    const header = await readHeader(socket, proxy, options.responseTimeoutMs ?? 15_000, signal)
    checkStatus(header, proxyAddress, proxy.port)
    return socket
  } catch (error) {
    socket.on('error', () => undefined).destroy()
    throw error
  }
}

function formatConnect(proxy: ProxyOptions, target: ConnectTarget): Buffer {
  const authority = formatEndPoint(target.host, target.port)
  const lines = [`CONNECT ${authority} HTTP/1.0`, `Host: ${authority}`]
  if (proxy.user?.trim()) {
    lines.push(`Proxy-Authorization: Basic ${Buffer.from(`${proxy.user}:${proxy.password ?? ''}`, 'latin1').toString('base64')}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** Reads up to the empty line, and not a byte further. */
function readHeader(socket: Socket, proxy: ProxyOptions, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let header = Buffer.alloc(0)
    const timer = setTimeout(() => settle(unreachable(proxy, toHalibutError(timeoutError, 'read'))), timerMs(timeoutMs))
    const onReadable = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        timer.refresh()
        const from = Math.max(0, header.length - endOfHeader.length + 1)
        const before = header.length
        header = Buffer.concat([header, chunk])
        const at = header.indexOf(endOfHeader, from)
        if (at >= 0) {
          const used = at + endOfHeader.length - before
          settle(undefined, () => {
            if (used < chunk.length) socket.unshift(chunk.subarray(used))
          })
          return
        }
        if (header.length > maxHeaderBytes) {
          settle(new HalibutError('proxy_failed', `${place(proxy)} answered with a header of more than ${maxHeaderBytes} bytes`, about))
          return
        }
      }
    }
    const onEnd = (): void =>
      settle(
        header.length === 0
          ? unreachable(proxy)
          : new HalibutError(
              'proxy_failed',
              `${place(proxy)} closed the connection in the middle of its answer: ${firstLine(header)}`,
              about,
            ),
      )
    const onError = (error: unknown): void => settle(unreachable(proxy, toHalibutError(error, 'read')))
    const onAbort = (): void => settle(cancelled(signal))
    const settle = (error?: Error, last?: () => void): void => {
      clearTimeout(timer)
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError)
      signal?.removeEventListener('abort', onAbort)
      last?.()
      if (error) reject(error)
      else resolve(header.toString('latin1'))
    }
    socket.on('readable', onReadable).once('end', onEnd).once('close', onEnd).once('error', onError)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
  })
}

/** Throws unless the proxy answered 200. */
function checkStatus(header: string, address: string, port: number): void {
  const line = header.slice(0, header.indexOf('\r\n'))
  if (!line.includes('HTTP')) {
    throw new HalibutError('proxy_failed', `No HTTP response received from proxy destination.  Server response: ${line}.`, about)
  }
  const [, code = '', reason = ''] = /^[^ ]* +([^ ]*) ?(.*)$/.exec(line) ?? []
  if (!/^\d+$/.test(code)) {
    throw new HalibutError(
      'proxy_failed',
      `An invalid response code was received from proxy destination.  Server response: ${line}.`,
      about,
    )
  }
  if (code === '200') return
  const from = `Proxy destination ${address} on port ${port} responded with a ${code} code`
  throw new HalibutError(
    'proxy_failed',
    code === '502' ? `${from} - Bad Gateway.  ${badGatewayHint}  Server response: ${line}` : `${from} - ${reason}`,
    about,
  )
}

const about = { phase: 'connect', dotnetType: 'Halibut.Transport.Proxy.Exceptions.ProxyException' } as const
const timeoutError = Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'read' })

/** The network’s fault, which `cause` tells: this one is worth trying again. */
function unreachable(proxy: ProxyOptions, cause?: HalibutError): HalibutError {
  const why = (text: string | undefined): string => text ?? 'the proxy closed the connection without an answer'
  const told = (text: string | undefined): string => `Connection to ${place(proxy)} failed: ${why(text)}`
  return new HalibutError('proxy_failed', told(cause?.message), { ...about, cause, dotnetMessage: told(cause?.dotnetMessage) })
}

function place(proxy: ProxyOptions): string {
  return `proxy host ${proxy.host} on port ${proxy.port}`
}

function firstLine(header: Buffer): string {
  return header.toString('latin1').slice(0, 200).split('\r\n', 1)[0] ?? ''
}
