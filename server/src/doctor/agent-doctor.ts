import { HalibutError } from '../base/errors.ts'
import { type Agent, type AgentDirectory, certificatesOf } from '../fleet/agent-directory.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { Trust } from '../fleet/trust.ts'
import type { Certificate } from '../runtime/certificates.ts'
import type { Destinations } from '../socket/destinations.ts'
import { examineAgent } from './doctor.ts'
import { type Caller, type DoctorReport, type ExaminationOptions, stepTimeoutMs, takeSteps } from './examination.ts'
import { type PollingWalk, pollingStepNames, pollingSteps } from './polling-steps.ts'

/** What agents are examined with. */
export interface AgentDoctorOptions {
  readonly mesh: Pick<Mesh, 'probe' | 'call'>
  readonly directory: AgentDirectory
  readonly trust: Pick<Trust, 'own' | 'pending' | 'clones' | 'known'>
  /** What is presented where it dials. Default: nothing, which agents may not like. */
  readonly certificate?: (() => Certificate) | undefined
  /** Where it may dial. Default: anywhere. */
  readonly destinations?: Destinations | undefined
  /** Where a polling agent, named by its id, finds a certificate of ours that it accepts. Default: nowhere. */
  readonly port?: ((agent: string) => PollingWalk['port']) | undefined
}

/** Says of an agent of this gateway what is wrong with it: goes to one that listens, and asks what is known of one that polls. */
export class AgentDoctor {
  readonly #options: AgentDoctorOptions

  constructor(options: AgentDoctorOptions) {
    this.#options = options
  }

  /** Takes the steps up to the first that fails. Throws `agent_not_found`, and `cancelled` by the signal. `timeoutMs`: of each step. */
  async examine(id: string, options: ExaminationOptions & { readonly timeoutMs?: number | undefined } = {}): Promise<DoctorReport> {
    const { directory, certificate, destinations } = this.#options
    const agent = directory.require(id)
    if (agent.mode === 'polling') return this.#examinePolling(agent, options)
    const { uri, thumbprint, nextThumbprint } = agent.definition
    const { isRevoked } = this.#known(agent)
    return examineAgent({
      ...options,
      uri,
      thumbprint,
      nextThumbprint,
      isRevoked,
      caller: this.#caller,
      certificate: certificate?.(),
      destinations,
    })
  }

  async #examinePolling(agent: Agent, options: ExaminationOptions & { readonly timeoutMs?: number | undefined }): Promise<DoctorReport> {
    const { trust, port } = this.#options
    const { definition, state, connections } = agent
    const { id, uri, thumbprint } = definition
    const pinned = certificatesOf(definition)
    const { signal, timeoutMs = stepTimeoutMs } = options
    const own = port?.(id)
    if (!own) throw new HalibutError('invalid_argument', `${id} polls, and this gateway has no port for agents that do`)
    const knock = trust.pending.list().find(({ refusal, knock: { subscription, thumbprint: shown } }) => {
      return refusal.agent === id || subscription === uri || (shown !== undefined && pinned.includes(shown))
    })
    const clones = trust.clones.list().find(each => each.subscription === uri)
    const walk: PollingWalk = {
      ...{ id, uri, thumbprint, state, connections, ...this.#known(agent) },
      knock: knock && { reason: knock.refusal.reason, advice: knock.refusal.advice, count: knock.count },
      clones: clones?.addresses ?? [],
      port: own,
      ...{ caller: this.#caller, timeoutMs, signal },
    }
    const steps = await takeSteps(pollingStepNames, pollingSteps, walk, options)
    return { uri, isHealthy: steps.every(({ outcome }) => outcome === 'passed'), steps }
  }

  get #caller(): Caller {
    const { mesh, trust } = this.#options
    return {
      thumbprint: trust.own.thumbprint,
      probe: (endpoint, options) => mesh.probe(endpoint, options),
      call: request => mesh.call(request),
    }
  }

  /** Of two certificates that an agent may have one is as good as the other. */
  #known({ definition }: Agent): { readonly isRevoked: boolean; readonly lastSeenMs: number | undefined } {
    const known = certificatesOf(definition).map(each => this.#options.trust.known(each))
    const seen = known.flatMap(each => each?.lastSeenMs ?? [])
    return {
      isRevoked: known.every(each => each?.revokedMs !== undefined),
      lastSeenMs: seen.length === 0 ? undefined : Math.max(...seen),
    }
  }
}
