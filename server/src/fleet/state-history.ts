import { gatewayLimits } from '../base/limits.ts'
import { type AgentState, presenceAt } from './agent-state.ts'

/**
 * The states in which agents were before the present one. Of an agent that has not left its first state nothing is kept, and that nobody had looked
 * yet is no state to remember.
 */
export class StateHistory {
  /** Of each agent the oldest first; the last one is the one before the present. */
  readonly #past = new Map<string, AgentState[]>()

  /** An agent was in the one state, and is in the other now; what time alone has made of the first comes between them. */
  changed(id: string, before: AgentState, after: AgentState, nowMs: number): void {
    const was = presenceAt(before, nowMs)
    if (was.at !== before.at) this.#keep(id, before)
    if (after.at !== was.at) this.#keep(id, was)
  }

  /** All of them, the present one first. */
  of(id: string, state: AgentState, nowMs: number): AgentState[] {
    const now = presenceAt(state, nowMs)
    const past = this.#past.get(id)?.toReversed() ?? []
    return [now, ...(now.at === state.at ? [] : [state]), ...past].slice(0, gatewayLimits.agentStates)
  }

  forget(id: string): void {
    this.#past.delete(id)
  }

  #keep(id: string, state: AgentState): void {
    if (state.isUnseen) return
    const past = this.#past.get(id)
    if (!past) this.#past.set(id, [state])
    else if (past.push(state) >= gatewayLimits.agentStates) past.shift()
  }
}
