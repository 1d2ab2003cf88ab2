import type { AgentChanges, AgentSnapshot, MethodParams, MethodResult, NewAgent } from '@halibut-gateway/schemas'
import { describeGot } from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import { HalibutError } from '../../base/errors.ts'
import { inTurns } from '../../base/in-turns.ts'
import { defaultLimits, gatewayLimits } from '../../base/limits.ts'
import type { Agent, AgentDefinition, AgentDirectory } from '../../fleet/agent-directory.ts'
import type { AgentManager } from '../../fleet/agent-manager.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import { parseEndpoint } from '../../runtime/endpoint.ts'
import { AgentSight } from '../agent-sight.ts'
import type { CallContext } from '../call-context.ts'
import { changedAgents } from '../changed-agents.ts'
import { cursorAfter, keysFrom } from '../pages.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'
import { versionIn } from '../version-in.ts'

type AgentMethods = 'list' | 'get' | 'watch' | 'add' | 'update' | 'remove' | 'enable' | 'disable'

/** What the methods about agents work with. */
export interface AgentsOptions {
  readonly manager: AgentManager
  readonly access: Access
  readonly contracts: ContractDirectory
  /** For how long changes are gathered. Default: that of `gatewayLimits`. */
  readonly agentChangesMs?: number | undefined
}

/** The methods about the agents themselves. */
export function agentsMethods(options: AgentsOptions): Pick<Handlers, `agents.${AgentMethods}`> {
  const { manager: agents, access, contracts, agentChangesMs: changesMs = gatewayLimits.agentChangesMs } = options
  const { directory } = agents
  const sightOf = ({ principal }: Pick<CallContext, 'principal'>): AgentSight => new AgentSight(access, principal, contracts)
  /** What was done, as whoever did it sees the agent. */
  const shown = async (context: CallContext, agent: Promise<Agent>): Promise<MethodResult<'agents.add'>> => ({
    agent: sightOf(context).snapshot(await agent),
  })
  return {
    'agents.list': (params, context) => inTurns(listed(directory, sightOf(context), params)),
    'agents.get': ({ agent }, context) => ({ agent: sightOf(context).require(directory, agent) }),
    'agents.watch': async (_params, context) => {
      const changed = changedAgents(directory, sightOf(context), changesMs)
      try {
        return await changed.feed.run(context)
      } finally {
        changed.close()
      }
    },
    'agents.add': (params, context) => shown(context, agents.add(newDefinition(params), context.change)),
    'agents.update': (params, context) =>
      shown(
        context,
        agents.edit(params.agent, before => changedDefinition(before, params), versionIn(params.version), context.change),
      ),
    'agents.remove': async ({ agent, version }, { change }) => {
      await agents.remove(agent, versionIn(version), change)
      await contracts.removeOf(agent)
      return {}
    },
    'agents.enable': ({ agent }, context) => shown(context, agents.edit(agent, enabled, undefined, context.change)),
    'agents.disable': ({ agent, reason }, context) =>
      shown(
        context,
        agents.edit(agent, before => defined({ ...enabled(before), disabled: true, disabledReason: reason }), undefined, context.change),
      ),
  }
}

/** So many take far less than a slice. */
const agentsAtOnce = 256

/** Tens of thousands of agents take longer than others should wait. */
function* listed(
  directory: AgentDirectory,
  sight: AgentSight,
  { tag, state, ...page }: MethodParams<'agents.list'>,
): Generator<undefined, MethodResult<'agents.list'>, undefined> {
  const agents: AgentSnapshot[] = []
  let looked = 0
  for (const id of keysFrom(directory.ids(), page)) {
    if (++looked % agentsAtOnce === 0) yield
    const agent = directory.get(id)
    if (!agent || !sight.sees(agent) || (state !== undefined && agent.state.at !== state)) continue
    if (tag !== undefined && !agent.definition.tags?.includes(tag)) continue
    const last = agents.at(-1)
    if (last && agents.length === page.limit) return { agents, next: cursorAfter(last.id) }
    agents.push(sight.snapshot(agent))
  }
  return { agents }
}

function newDefinition({ agent, ...rest }: NewAgent): AgentDefinition {
  return defined({ id: agent, ...checkedEndpoint(rest) })
}

function changedDefinition(before: AgentDefinition, { agent: _, version: __, name, ...changes }: AgentChanges): AgentDefinition {
  const named = name === undefined ? {} : { name: name ?? undefined }
  return defined({ ...before, ...named, ...checkedEndpoint({ ...changes }) })
}

/** A thumbprint in its one spelling, and an address that can be called. Throws `invalid_params`. */
function checkedEndpoint<T extends { readonly uri?: string; readonly thumbprint?: string }>(given: T): T {
  const { uri, thumbprint } = given
  if (uri !== undefined) {
    try {
      parseEndpoint(uri, defaultLimits)
    } catch (why) {
      if (!(why instanceof HalibutError)) throw why
      throw new ParamsError(why.message, [{ path: '/uri', expected: 'https://host:port/ or poll://name/', got: describeGot(uri) }])
    }
  }
  return thumbprint === undefined ? given : { ...given, thumbprint: thumbprint.replaceAll(/[^0-9A-Fa-f]/g, '').toUpperCase() }
}

function enabled({ disabled: _, disabledReason: __, ...rest }: AgentDefinition): AgentDefinition {
  return rest
}

/** Without the members that are not there; no limits of its own are none. */
function defined(definition: AgentDefinition): AgentDefinition {
  const isSaid = ([name, value]: [string, unknown]): boolean =>
    value !== undefined && !(name === 'limits' && Object.keys(value as object).length === 0)
  return Object.fromEntries(Object.entries(definition).filter(isSaid)) as unknown as AgentDefinition
}
