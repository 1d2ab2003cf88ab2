import type { AgentStateName } from '@halibut-gateway/schemas'

/** Where an agent is, since when (UTC milliseconds since 1970) and why, in words. */
export interface AgentState {
  readonly at: AgentStateName
  readonly sinceMs: number
  readonly reason: string
  /** What to do next, where something is wrong and that is known. */
  readonly advice?: string | undefined
  /** Nobody has looked yet. */
  readonly isUnseen?: true | undefined
  /** What it is from a time on, unless there are news of it before. */
  readonly next?: NextState | undefined
}

interface NextState {
  readonly at: 'offline'
  readonly fromMs: number
  readonly reason: string
  readonly advice: string
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
  | { readonly type: 'missed'; readonly why: string; readonly advice?: string }
  /** It has no connection any more: it may be dialling again, and is gone where it has not come back after `graceMs`. */
  | { readonly type: 'left'; readonly why: string; readonly graceMs: number }
  /** It is certain that nothing is there. */
  | { readonly type: 'gone'; readonly why: string; readonly advice?: string }
  /** Something about it that leaves it where it is. */
  | { readonly type: 'noticed'; readonly what: string; readonly advice?: string }
  /** Its certificate is not the pinned one, or is worth nothing any more. */
  | { readonly type: 'refused'; readonly why: string; readonly advice?: string }
  | { readonly type: 'disable'; readonly why: string }
  | { readonly type: 'enable' }

/** Of a polling agent that is away. */
export const awayFromUs = {
  why: 'it has no connection to this gateway',
  advice: 'start the agent, and look whether it polls this gateway and trusts its thumbprint',
} as const

/** The state of an agent that nobody has seen yet. */
export function initialState(mode: 'listening' | 'polling', nowMs: number, disabledWhy?: string): AgentState {
  if (disabledWhy !== undefined) return { at: 'disabled', sinceMs: nowMs, reason: disabledWhy }
  const unseen = { at: 'offline', sinceMs: nowMs, isUnseen: true } as const
  if (mode === 'listening') return { ...unseen, reason: 'not probed yet' }
  return { ...unseen, reason: 'has not connected yet', advice: awayFromUs.advice }
}

/** Where an agent is at a moment: the one function of time that list, detail, watch, metrics, calls and the command line tell. Pure. */
export function presenceAt(state: AgentState, nowMs: number): AgentState {
  const { next } = state
  if (!next || nowMs < next.fromMs) return state
  return { at: next.at, sinceMs: next.fromMs, reason: next.reason, advice: next.advice }
}

/** The state after some news; the same object where nothing changed. `sinceMs` moves only with the state’s name. */
export function nextState(before: AgentState, news: AgentNews, nowMs: number): AgentState {
  const state = presenceAt(before, nowMs)
  if (state.at === 'disabled') {
    if (news.type === 'enable') return enter(state, 'offline', { reason: 'enabled; not seen yet' }, nowMs)
    return news.type === 'disable' ? enter(state, 'disabled', { reason: news.why }, nowMs) : state
  }
  switch (news.type) {
    case 'reached':
      return state.at === 'connected' ? state : enter(state, 'connected', { reason: news.how }, nowMs)
    case 'missed':
      // That it is not trusted says more than that it is not there.
      if (state.at === 'untrusted') return state
      return enter(state, state.at === 'connected' ? 'suspect' : 'offline', told(news), nowMs)
    case 'left': {
      if (state.at === 'untrusted') return state
      const { why: reason, advice } = awayFromUs
      if (state.at !== 'connected') return enter(state, 'offline', { reason, advice }, nowMs)
      const next = { at: 'offline', fromMs: nowMs + news.graceMs, reason, advice } as const
      return enter(state, 'suspect', { reason: news.why, next }, nowMs)
    }
    case 'noticed':
      return enter(state, state.at, { reason: news.what, advice: news.advice, next: state.next }, nowMs)
    case 'gone':
      return enter(state, 'offline', told(news), nowMs)
    case 'refused':
      return enter(state, 'untrusted', told(news), nowMs)
    case 'disable':
      return enter(state, 'disabled', { reason: news.why }, nowMs)
    case 'enable':
      return state
  }
}

function told({ why, advice }: { readonly why: string; readonly advice?: string }): Pick<AgentState, 'reason' | 'advice'> {
  return { reason: why, advice }
}

function enter(state: AgentState, at: AgentStateName, what: Pick<AgentState, 'reason' | 'advice' | 'next'>, nowMs: number): AgentState {
  const { reason, advice, next } = what
  if (state.at === at && state.reason === reason && state.advice === advice && state.next === next) return state
  return {
    at,
    sinceMs: state.at === at ? state.sinceMs : nowMs,
    reason,
    ...(advice !== undefined && { advice }),
    ...(next !== undefined && { next }),
  }
}
