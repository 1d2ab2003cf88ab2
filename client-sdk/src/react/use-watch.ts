import type { AgentEvent, AgentSnapshot } from '@halibut-gateway/schemas/wire'
import { type DependencyList, useEffect, useMemo, useRef, useState } from 'react'
import type { GatewayClient } from '../client.ts'
import { useGateway } from './gateway-context.ts'

/** What the items of a watch have come to. */
export interface WatchState<S> {
  readonly value: S
  /** Why it ended: a `GatewayError`, unless what the hook was given threw something else. */
  readonly error: unknown
  /** Whether it has come to its end, with or without an error. */
  readonly ended: boolean
}

/**
 * The items of any async iterable, put together by `reduce`, which begins with `initial`: a watch of the client, the pages of a list, chunks of a
 * download. It begins anew where one of `dependencies` changes, and leaving ends it, by `signal` and by leaving its loop.
 */
export function useWatch<T, S>(
  watch: (options: { readonly signal: AbortSignal }) => AsyncIterable<T>,
  reduce: (value: S, item: T) => S,
  initial: S,
  dependencies: DependencyList,
): WatchState<S> {
  const [state, setState] = useState<WatchState<S>>({ value: initial, error: undefined, ended: false })
  const latest = useRef({ watch, reduce, initial })
  useEffect(() => {
    latest.current = { watch, reduce, initial }
  })
  useEffect(() => {
    const stop = new AbortController()
    const { signal } = stop
    const run = async (): Promise<void> => {
      // In StrictMode an effect ends and begins again at once: nothing is asked for by the first one.
      await Promise.resolve()
      if (signal.aborted) return
      setState({ value: latest.current.initial, error: undefined, ended: false })
      for await (const item of latest.current.watch({ signal })) {
        if (signal.aborted) return
        setState(before => ({ ...before, value: latest.current.reduce(before.value, item) }))
      }
    }
    run().then(
      () => signal.aborted || setState(({ value }) => ({ value, error: undefined, ended: true })),
      (error: unknown) => signal.aborted || setState(({ value }) => ({ value, error, ended: true })),
    )
    return () => stop.abort()
  }, dependencies)
  return state
}

/** The agents of a gateway, as they are now. */
export interface AgentsState {
  /** In the order in which they became known. Empty until the first snapshot is there. */
  readonly agents: readonly AgentSnapshot[]
  /** Whether the first snapshot has not come yet. */
  readonly loading: boolean
  /** Why no more of them is heard: a `GatewayError`. */
  readonly error: unknown
}

/** Every agent and each change of one, while the component is there. */
export function useAgents(client?: GatewayClient): AgentsState {
  const used = useGateway(client)
  const { value, error, ended } = useWatch<AgentEvent, ReadonlyMap<string, AgentSnapshot> | undefined>(
    options => used.watchAgents(options),
    withEvent,
    undefined,
    [used],
  )
  const agents = useMemo(() => [...(value?.values() ?? [])], [value])
  return { agents, loading: value === undefined && !ended, error }
}

function withEvent(known: ReadonlyMap<string, AgentSnapshot> | undefined, event: AgentEvent): ReadonlyMap<string, AgentSnapshot> {
  const agents = new Map(event.type === 'snapshot' ? [] : known)
  if (event.type === 'removed') for (const id of event.ids) agents.delete(id)
  else for (const agent of event.agents) agents.set(agent.id, agent)
  return agents
}
