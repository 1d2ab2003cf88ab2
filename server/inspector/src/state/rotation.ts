import type { MethodResult } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import { type RotationStep, rotationStep } from '../values/rotation-steps.ts'
import { createLoaded } from './loaded.ts'
import type { Session } from './session.ts'

type Own = MethodResult<'certificates.list'>['own']
type Acceptance = MethodResult<'certificates.agents'>['agents'][number]

/** How a certificate of the gateway takes the place of another, as it stands. */
export interface RotationFacts {
  readonly own: Own
  readonly step: RotationStep
  /** Agents that would be lost without the old certificate; the first of them. */
  readonly onOld: readonly Acceptance[]
  /** There are more than these. */
  readonly isMore: boolean
}

type Act = 'create' | 'import' | 'promote' | 'retire'

/** The rotation of the gateway’s certificate. */
export interface Rotation {
  readonly facts: ReadonlySignal<RotationFacts | undefined>
  readonly problem: ReadonlySignal<unknown>
  /** Asks how it stands now. Never rejects. */
  refresh(): Promise<void>
  /** Tells more of those that depend on the old certificate; at most a thousand. */
  more(): void
  /** Does a step on what was seen: it is refused where somebody else has changed it meanwhile. Rejects with the gateway’s error. */
  act(act: Act, params: Readonly<Record<string, unknown>>): Promise<void>
}

const shownAtOnce = 100
/** As many as a page of the gateway’s answer holds. */
export const shownAtMost = 1_000

export function createRotation(session: Pick<Session, 'client' | 'request'>): Rotation {
  const shown = signal(shownAtOnce)
  const loaded = createLoaded<RotationFacts>(session, async client => {
    const { own } = await client.request('certificates.list', {})
    const step = rotationStep(own.certificates)
    if (step.at === 'one') return { own, step, onOld: [], isMore: false }
    const limit = shown.peek()
    const { agents, next } = await client.request('certificates.agents', { dependsOn: step.old.thumbprint, limit })
    return { own, step, onOld: agents, isMore: next !== undefined }
  })
  session.client.subscribe(() => {
    shown.value = shownAtOnce
  })
  return {
    facts: loaded.value,
    problem: loaded.problem,
    refresh: loaded.refresh,
    more: () => {
      shown.value = Math.min(shownAtMost, shown.peek() + 3 * shownAtOnce)
      void loaded.refresh()
    },
    act: async (act, params) => {
      const version = loaded.value.peek()?.own.version ?? '*'
      try {
        await session.request(`certificates.${act}`, { version, ...params } as never)
      } finally {
        await loaded.refresh()
      }
    },
  }
}
