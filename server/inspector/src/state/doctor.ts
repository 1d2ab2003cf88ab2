import type { WatchItem } from '@halibut-gateway/schemas'
import { signal } from '@preact/signals'
import type { Session } from './session.ts'

/** A step that the doctor has taken. */
export type DoctorStep = WatchItem<'agents.doctor'>

/** The walk of the doctor to one agent. */
export interface Examination {
  readonly agent: string
  /** In UTC milliseconds since 1970. */
  readonly startedAt: number
  /** Those that were taken so far. */
  readonly steps: readonly DoctorStep[]
  /** `stopped`: it was given up, or the gateway could not go on, for which there is a `problem` then. */
  readonly at: 'walks' | 'done' | 'stopped'
  readonly problem?: unknown
}

/** The doctor, who goes to one agent at a time. */
export interface Doctor {
  /** The last examination of an agent, where it is known still. */
  of(agent: string): Examination | undefined
  /** Goes to an agent; a walk to another one is given up. */
  examine(agent: string): void
  /** Gives up the walk. */
  stop(): void
}

export function createDoctor(session: Pick<Session, 'client'>, now: () => number): Doctor {
  const last = signal<Examination | undefined>(undefined)
  let walking: AbortController | undefined
  // What was found is not for who signs in next.
  session.client.subscribe(() => {
    walking?.abort()
    last.value = undefined
  })

  async function walk(agent: string, stop: AbortSignal): Promise<void> {
    const client = session.client.peek()
    if (!client) return
    const tell = (more: Partial<Examination>): void => {
      if (!stop.aborted && last.peek()) last.value = { ...last.peek(), ...more } as Examination
    }
    last.value = { agent, startedAt: now(), steps: [], at: 'walks' }
    try {
      for await (const step of client.watch('agents.doctor', { signal: stop, params: { agent } })) {
        const taken = last.peek()?.steps ?? []
        // After a lost session the walk begins anew.
        tell({ steps: taken.some(each => each.step === step.step) ? [step] : [...taken, step] })
      }
      tell({ at: 'done' })
    } catch (problem) {
      tell({ at: 'stopped', problem })
    }
  }

  return {
    of: agent => (last.value?.agent === agent ? last.value : undefined),
    examine: agent => {
      walking?.abort()
      walking = new AbortController()
      void walk(agent, walking.signal)
    },
    stop: () => {
      const current = last.peek()
      walking?.abort()
      if (current?.at === 'walks') last.value = { ...current, at: 'stopped' }
    },
  }
}
