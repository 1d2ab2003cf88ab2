import { randomUUID } from 'node:crypto'
import type { InvokeParams, InvokeResult } from '@halibut-gateway/schemas'
import { type MethodNode, signatureOf } from '@halibut-gateway/schemas/contract'
import { type ContractJson, type ParamError, readArguments } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import { newsOf } from '../../fleet/liveness.ts'
import type { Mesh } from '../../fleet/mesh.ts'
import type { Handlers } from '../dispatcher.ts'
import { ParamsError } from '../params-error.ts'

/** The method that calls an agent: checks and reads the arguments by contract, calls, checks and writes the result. */
export function agentInvokeMethods(directory: AgentDirectory, contracts: ContractDirectory, mesh: Mesh): Pick<Handlers, 'agent.invoke'> {
  return {
    'agent.invoke': async (params, context): Promise<InvokeResult> => {
      const agent = directory.require(params.agent)
      if (agent.state.at === 'disabled') throw new HalibutError('agent_unavailable', `the agent ${params.agent} is disabled`)
      const json = knownContract(contracts, params)
      const { method, args } = chooseMethod(json, params)
      const signature = signatureOf(method)
      const activityId = randomUUID()
      const startedMs = performance.now()
      const { uri, thumbprint } = agent.definition
      let result: unknown
      try {
        result = await mesh.call({
          endpoint: { uri, thumbprint },
          contract: json.contract,
          service: json.contract.service,
          method: signature,
          args,
          signal: context.signal,
          activityId,
          ...(params.timeoutMs === undefined ? {} : { timeoutMs: params.timeoutMs }),
          ...(params.queueTimeoutMs === undefined ? {} : { queueTimeoutMs: params.queueTimeoutMs }),
        })
      } catch (error) {
        if (agent.mode === 'listening' && error instanceof HalibutError && (error.phase === 'connect' || error.phase === 'tls')) {
          directory.report(params.agent, newsOf(error))
        }
        throw error
      }
      return { value: writeResult(json, method, result), signature, activityId, durationMs: round(performance.now() - startedMs) }
    },
  }
}

function knownContract(contracts: ContractDirectory, params: InvokeParams): ContractJson {
  const json = contracts.get(params.service)
  if (json) return json
  const known = contracts.list().map(contract => contract.service)
  throw new ParamsError(`the gateway knows no contract for the service ${JSON.stringify(params.service)}`, [
    {
      path: '/service',
      expected: known.length > 0 ? `one of ${known.join(', ')}` : 'a service whose contract is known',
      got: JSON.stringify(params.service.slice(0, 100)),
    },
  ])
}

function chooseMethod(json: ContractJson, params: InvokeParams): { method: MethodNode; args: unknown[] } {
  const named = JSON.stringify(params.method.slice(0, 100))
  const methods = json.find(params.method)
  if (methods.length === 0) {
    throw new ParamsError(
      `${params.service} has no method ${named}`,
      [{ path: '/method', expected: `a method of ${params.service}`, got: named }],
      json.contract.methods.map(signatureOf),
    )
  }
  const usable = methods.filter(method => !hasStreams(json, method))
  if (usable.length === 0) {
    throw new ParamsError(`${params.method} takes or gives data streams, which do not travel to browsers in this version`, [
      { path: '/method', expected: 'a method without data streams', got: named },
    ])
  }
  const overload = readArguments(json, usable, params.args, '/args')
  if (overload.found) return { method: overload.found, args: overload.args }
  const first = overload.errors[0]
  if (first)
    throw new ParamsError(
      `the arguments of ${params.method} do not fit: ${first.path}: expected ${first.expected}, got ${first.got}`,
      overload.errors,
      overload.candidates,
    )
  throw new ParamsError(
    `the arguments do not decide which ${params.method} is meant; name one of ${overload.candidates.join(', ')}`,
    [{ path: '/method', expected: 'a signature', got: named }],
    overload.candidates,
  )
}

function hasStreams(json: ContractJson, method: MethodNode): boolean {
  return json.hasStream(method.result) || method.params.some(param => json.hasStream(param.type))
}

function writeResult(json: ContractJson, method: MethodNode, result: unknown): unknown {
  const errors: ParamError[] = []
  const value = json.write(method.result, result, '/value', errors)
  const first = errors[0]
  if (first) {
    throw new HalibutError(
      'serialization_failed',
      `the result does not fit the contract: ${first.path}: expected ${first.expected}, got ${first.got}`,
      {
        phase: 'response',
        delivery: 'executed',
      },
    )
  }
  return value ?? null
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
