import type { Socket } from 'node:net'
import { HalibutError } from '../base/errors.ts'

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
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      socket.on('error', ignore).destroy()
      reject(cancelled(signal))
      return
    }
    const timer = options.timeoutMs > 0 ? setTimeout(() => fail(options.timedOut()), Math.min(options.timeoutMs, 2_147_483_647)) : undefined
    const onError = (error: unknown): void => fail(options.failed(error))
    const onClose = (): void => fail(options.failed())
    const onAbort = (): void => fail(cancelled(signal))
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
export function cancelled(signal: AbortSignal | undefined): HalibutError {
  const reason: unknown = signal?.reason
  if (reason instanceof HalibutError) return reason
  return new HalibutError('cancelled', 'The Request was cancelled while Connecting.', {
    phase: 'connect',
    cause: reason,
    dotnetType: 'Halibut.Exceptions.ConnectingRequestCancelledException',
  })
}

function ignore(): void {}
