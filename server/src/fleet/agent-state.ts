import type { AgentStateName } from '@halibut-gateway/schemas'

/** Where an agent is, since when (UTC milliseconds since 1970) and why, in words. */
export interface AgentState {
  readonly at: AgentStateName
  readonly sinceMs: number
  readonly reason: string
}

/**
 * What was noticed about an agent.
 *
 * ```text
 *             reached              reached: from any state but disabled
 *   offline ───────────▶ connected
 *      ▲                    │ missed
 *      │ missed, or         ▼
 *      └──────────────── suspect       refused: untrusted, from any state but disabled
 *        gone from anywhere            disable, enable: by an operator
 * ```
 */
export type AgentNews =
  /** It answered, or one of its connections was let in. */
  | { readonly type: 'reached'; readonly how: string }
  /** It should have answered and did not: once is doubt, twice is certainty. */
  | { readonly type: 'missed'; readonly why: string }
  /** It is certain that nothing is there. */
  | { readonly type: 'gone'; readonly why: string }
  /** Something about it that leaves it where it is. */
  | { readonly type: 'noticed'; readonly what: string }
  /** Its certificate is not the pinned one, or is worth nothing any more. */
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'disable'; readonly why: string }
  | { readonly type: 'enable' }

/** The state of an agent that nobody has seen yet. */
export function initialState(mode: 'listening' | 'polling', nowMs: number, disabledWhy?: string): AgentState {
  if (disabledWhy !== undefined) return { at: 'disabled', sinceMs: nowMs, reason: disabledWhy }
  return { at: 'offline', sinceMs: nowMs, reason: mode === 'listening' ? 'not probed yet' : 'has not connected yet' }
}

/** The state after some news; the same object where nothing changed. `sinceMs` moves only with the state’s name. */
export function nextState(state: AgentState, news: AgentNews, nowMs: number): AgentState {
  if (state.at === 'disabled') {
    if (news.type === 'enable') return enter(state, 'offline', 'enabled; not seen yet', nowMs)
    return news.type === 'disable' ? enter(state, 'disabled', news.why, nowMs) : state
  }
  switch (news.type) {
    case 'reached':
      return state.at === 'connected' ? state : enter(state, 'connected', news.how, nowMs)
    case 'missed':
      // That it is not trusted says more than that it is not there.
      return state.at === 'untrusted' ? state : enter(state, state.at === 'connected' ? 'suspect' : 'offline', news.why, nowMs)
    case 'noticed':
      return enter(state, state.at, news.what, nowMs)
    case 'gone':
      return enter(state, 'offline', news.why, nowMs)
    case 'refused':
      return enter(state, 'untrusted', news.why, nowMs)
    case 'disable':
      return enter(state, 'disabled', news.why, nowMs)
    case 'enable':
      return state
  }
}

function enter(state: AgentState, at: AgentStateName, reason: string, nowMs: number): AgentState {
  if (state.at === at && state.reason === reason) return state
  return { at, reason, sinceMs: state.at === at ? state.sinceMs : nowMs }
}
