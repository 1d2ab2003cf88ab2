import type { AgentStateName } from '@halibut-gateway/schemas'

/** Each state has a shape of its own, so that it can be told apart without colours. */
const shapes: Readonly<Record<AgentStateName, string>> = {
  connected: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Z',
  suspect: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Zm0 1.6v6.8a3.4 3.4 0 0 1 0-6.8Z',
  offline: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1Zm0 1.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z',
  untrusted: 'M6 .8 11.6 11H.4L6 .8Zm-.8 3.7v3.2h1.6V4.5H5.2Zm0 4v1.3h1.6V8.5H5.2Z',
  disabled: 'M1.5 5h9v2h-9z',
}

/** The shape of a state, in its colour. */
export function StateShape({ state }: { state: AgentStateName }) {
  return (
    <svg class={`shape ${state}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
      <path d={shapes[state]} fill="currentColor" fill-rule="evenodd" />
    </svg>
  )
}

/** A state by its shape, its colour and its name. */
export function StateBadge({ state }: { state: AgentStateName }) {
  return (
    <span class={`badge ${state}`}>
      <StateShape state={state} />
      {state}
    </span>
  )
}
