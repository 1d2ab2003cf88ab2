import { defaultLimits } from '../../server/src/base/limits.ts'
import { type Materialised, resolveOverload, TypeRegistry, toUntyped } from '../../server/src/codec/contract-values.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../server/src/codec/envelope.ts'
import type { Mesh, MeshCall } from '../../server/src/fleet/mesh.ts'
import { idleMesh } from './idle-mesh.ts'

const activityId = '00112233-4455-6677-8899-aabbccddeeff'

/** A mesh without connections: a call is encoded, read as an agent reads it, and its only argument comes back as the result. */
export function codecMesh(): { readonly mesh: Mesh; readonly received: Materialised[] } {
  const registry = new TypeRegistry()
  /** The arguments of the calls that left, with the types that a .NET service would see. */
  const received: Materialised[] = []
  const answer = ({ contract, service, method, args }: MeshCall): unknown => {
    const compiled = contract && registry.register(contract)
    const called = compiled?.method(method)
    const head = { id: '1', activityId, service, method: called?.name ?? method }
    const request = decodeRequest(encodeRequest(head, called?.params, args, {}).document, registry, defaultLimits)
    const [argument] = request.null ? [] : request.args
    if (argument === undefined) throw new Error('an argument was expected')
    received.push(argument)
    if (!compiled || !called) return toUntyped(argument)
    const { params, result } = resolveOverload(compiled.methods(called.name), [argument])
    const response = encodeResponse('1', { result: params[0]?.fromArgument(argument), codec: result }, {})
    return result.fromResult(decodeResponse(response.document, compiled, defaultLimits)?.result as Materialised)
  }
  const mesh: Mesh = {
    ...idleMesh,
    call: async call => answer(call),
  }
  return { mesh, received }
}
