import { HalibutError } from '../base/errors.ts'
import { inTurns } from '../base/in-turns.ts'
import { MemoryCharge } from '../base/memory-charge.ts'
import type { Parts } from '../codec/clr-type.ts'
import {
  type Charge,
  type DecodedRequest,
  type DecodedResponse,
  type DecodeLimits,
  decodeRequestInParts,
  decodeResponseInParts,
} from '../codec/envelope.ts'
import type { TypeRegistry, TypeResolver } from '../codec/type-registry.ts'
import type { Transfer } from './transfer.ts'

/** From this size on a message is decoded in turns with whatever else the process has to do. Below it, it takes a few milliseconds at most. */
export const inTurnsFromBytes = 32 * 1024

/**
 * Decodes a large response in turns with others. Document and values are charged to `charge`, which is to be released when the values are let
 * go. `goesOn` is asked at each turn: what it throws ends the work.
 */
export function decodeLargeResponse(
  document: Buffer,
  types: TypeResolver,
  limits: DecodeLimits,
  charge: MemoryCharge,
  goesOn: () => void,
): Promise<DecodedResponse | null> {
  return inTurnsCharged(document, charge, hear => decodeResponseInParts(document, types, limits, hear), goesOn)
}

/** The same for a request, charged to its peer’s share of the memory for messages. */
export async function decodeLargeRequest(
  { channel, options }: Transfer,
  document: Buffer,
  registry: TypeRegistry,
): Promise<{ readonly request: { readonly null: true } | DecodedRequest; readonly charge: MemoryCharge }> {
  const charge = new MemoryCharge(options.budget)
  const goesOn = (): void => {
    // Whoever waited for it has given it up.
    if (channel.failure instanceof HalibutError && channel.failure.kind === 'cancelled') throw channel.failure
  }
  const decode = (hear: Charge): Parts<{ readonly null: true } | DecodedRequest> =>
    decodeRequestInParts(document, registry, options.limits, hear)
  return { request: await inTurnsCharged(document, charge, decode, goesOn), charge }
}

/** The document, and then the values made of it as well, in the end the values alone. */
async function inTurnsCharged<T>(
  document: Buffer,
  charge: MemoryCharge,
  decode: (hear: Charge) => Parts<T>,
  goesOn: () => void,
): Promise<T> {
  let values = 0
  try {
    charge.set(document.length)
    const parts = decode(bytes => {
      values = bytes
      charge.set(document.length + bytes)
    })
    const message = await inTurns(parts, goesOn)
    charge.set(values)
    return message
  } catch (why) {
    charge.release()
    throw why
  }
}
