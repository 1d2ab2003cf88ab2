import type { Socket } from 'node:net'
import { cancelledWhile } from '../base/cancelled.ts'
import { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'

/** One step in opening a connection, with everything that can end it. */
export interface SocketStepOptions<T> {
  readonly socket: Socket
  /** The event that ends the step well; `succeed` runs in the same turn, before any byte can arrive. */
  readonly event: 'connect' | 'secureConnect'
  readonly succeed: () => T
  /** 0 or less: no limit. */
  readonly timeoutMs: number
  readonly timedOut: () => Error
  /** What a socket error means; called without one when the socket closed. */
  readonly failed: (error?: unknown) => Error
  readonly signal?: AbortSignal | undefined
}

/** Waits for the step’s event. Whatever else happens first destroys the socket. */
export function awaitSocket<T>(options: SocketStepOptions<T>): Promise<T> {
  const { socket, event, signal } = options
  const phase = event === 'connect' ? 'connect' : 'tls'
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      socket.on('error', ignore).destroy()
      reject(cancelled(signal, phase))
      return
    }
    const timer = options.timeoutMs > 0 ? setTimeout(() => fail(options.timedOut()), timerMs(options.timeoutMs)) : undefined
    const onError = (error: unknown): void => fail(options.failed(error))
    const onClose = (): void => fail(options.failed())
    const onAbort = (): void => fail(cancelled(signal, phase))
    const stop = (): void => {
      clearTimeout(timer)
      socket.off(event, onEvent).off('error', onError).off('close', onClose)
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: Error): void => {
      stop()
      socket.on('error', ignore).destroy()
      reject(error)
    }
    const onEvent = (): void => {
      stop()
      try {
        resolve(options.succeed())
      } catch (error) {
        socket.on('error', ignore).destroy()
        reject(error)
      }
    }
    socket.once(event, onEvent).once('error', onError).once('close', onClose)
    signal?.addEventListener('abort', onAbort)
  })
}

/** What an aborted dial ends with: the signal’s reason where that is an error of ours, else .NET’s cancellation (spec §8.1). */
export function cancelled(signal: AbortSignal | undefined, phase: 'connect' | 'tls' = 'connect'): HalibutError {
  const reason: unknown = signal?.reason
  if (reason instanceof HalibutError) return reason
  return cancelledWhile('Connecting', { phase, cause: reason })
}

function ignore(): void {}
