import { type DependencyList, useCallback, useEffect, useRef, useState } from 'react'

/** What became of the last call. */
export interface CallState<T> {
  /** The last answer; it stays while the next call runs, and where that fails. */
  readonly data: T | undefined
  /** Why the last call failed: a `GatewayError`, unless what the hook was given threw something else. */
  readonly error: unknown
  /** Whether a call is under way. */
  readonly loading: boolean
}

/** What {@link useCall} gives. */
export interface Caller<A extends unknown[], T> extends CallState<T> {
  /** Makes the call; one that is under way is cancelled. Resolves with its answer, `undefined` where there is none. Never rejects. */
  readonly run: (...args: A) => Promise<T | undefined>
  /** Cancels the call that is under way. */
  readonly cancel: () => void
}

/**
 * A call that `run` makes: `call` gets options with a `signal` first, then the arguments of `run`. With `dependencies` it is also made by itself,
 * without arguments: when the component is there, and whenever one of them changes. Only the last call counts, and leaving cancels it.
 */
export function useCall<A extends unknown[], T>(call: (options: { readonly signal: AbortSignal }, ...args: A) => Promise<T>): Caller<A, T>
export function useCall<T>(call: (options: { readonly signal: AbortSignal }) => Promise<T>, dependencies: DependencyList): Caller<[], T>
export function useCall<T>(
  call: (options: { readonly signal: AbortSignal }, ...args: unknown[]) => Promise<T>,
  dependencies?: DependencyList,
): Caller<unknown[], T> {
  const [state, setState] = useState<CallState<T>>({ data: undefined, error: undefined, loading: dependencies !== undefined })
  const latest = useRef(call)
  const stop = useRef<AbortController | undefined>(undefined)
  const run = useCallback(async (...args: unknown[]): Promise<T | undefined> => {
    stop.current?.abort()
    const own = new AbortController()
    stop.current = own
    setState(before => ({ ...before, loading: true }))
    // In StrictMode an effect ends and begins again at once: nothing is sent for the first one.
    await Promise.resolve()
    if (own.signal.aborted) return undefined
    try {
      const data = await latest.current({ signal: own.signal }, ...args)
      if (own.signal.aborted) return undefined
      setState({ data, error: undefined, loading: false })
      return data
    } catch (error) {
      if (!own.signal.aborted) setState(({ data }) => ({ data, error, loading: false }))
      return undefined
    }
  }, [])
  const cancel = useCallback(() => {
    stop.current?.abort()
    setState(before => (before.loading ? { ...before, loading: false } : before))
  }, [])
  useEffect(() => {
    latest.current = call
  })
  const isEager = dependencies !== undefined
  useEffect(() => {
    if (isEager) void run()
    return cancel
  }, [isEager, run, cancel, ...(dependencies ?? [])])
  return { ...state, run, cancel }
}
