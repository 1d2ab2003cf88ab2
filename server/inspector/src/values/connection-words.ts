import type { ClientState } from '@halibut-gateway/client'

/** What a person is told of a connection that is not there. `now`: milliseconds since 1970. */
export function connectionWords(
  state: Exclude<ClientState, { at: 'connected' }>,
  now: number,
  isOnline: boolean,
): { readonly title: string; readonly text: string } {
  switch (state.at) {
    case 'idle':
    case 'connecting':
      return { title: 'Connecting again', text: state.why ? `${state.why.message}.` : 'One moment.' }
    case 'closed':
      return { title: 'Not connected', text: 'The connection was ended.' }
    case 'failed':
      return {
        title: state.why.kind === 'forbidden' ? 'The gateway does not let this page in' : 'Not connected',
        text: `${sentence(state.why.message)} To go on, ${state.why.advice}.`,
      }
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((state.nextAt.getTime() - now) / 1_000))
      const next = seconds === 0 ? 'It is tried again now.' : `It is tried again in ${seconds} s.`
      if (!isOnline) return { title: 'This computer is offline', text: next }
      if (state.why.kind === 'draining') return { title: 'The gateway is stopping', text: `It is mostly back in a moment. ${next}` }
      return { title: 'The gateway does not answer', text: `${sentence(state.why.message)} ${next}` }
    }
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
