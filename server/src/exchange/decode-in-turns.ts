import { HalibutError } from '../base/errors.ts'
import { inTurns } from '../base/in-turns.ts'
import { MemoryCharge } from '../base/memory-charge.ts'
import type { Parts } from '../codec/clr-type.ts'
import { type Charge, type DecodedRequest, type DecodedResponse, decodeRequestInParts, decodeResponseInParts } from '../codec/envelope.ts'
import type { TypeRegistry, TypeResolver } from '../codec/type-registry.ts'
import type { Transfer } from './transfer.ts'

/** From this size on a message is decoded in turns with whatever else the process has to do. Below it, it takes a few milliseconds at most. */
export const inTurnsFromBytes = 32 * 1024

/** Decodes a large response in turns with others. `charge` is to be released when its values are let go. */
export async function decodeLargeResponse(
  transfer: Transfer,
  document: Buffer,
  types: TypeResolver,
): Promise<{ readonly response: DecodedResponse | null; readonly charge: MemoryCharge }> {
  const { limits } = transfer.options
  const [response, charge] = await inTurnsCharged(transfer, document, hear => decodeResponseInParts(document, types, limits, hear))
  return { response, charge }
}

/** The same for a request. */
export async function decodeLargeRequest(
  transfer: Transfer,
  document: Buffer,
  registry: TypeRegistry,
): Promise<{ readonly request: { readonly null: true } | DecodedRequest; readonly charge: MemoryCharge }> {
  const { limits } = transfer.options
  const [request, charge] = await inTurnsCharged(transfer, document, hear => decodeRequestInParts(document, registry, limits, hear))
  return { request, charge }
}

/** The document, and then the values made of it, are charged to the peer’s share of the memory for messages. */
async function inTurnsCharged<T>(
  { channel, options }: Transfer,
  document: Buffer,
  decode: (charge: Charge) => Parts<T>,
): Promise<[T, MemoryCharge]> {
  const charge = new MemoryCharge(options.budget)
  let values = 0
  try {
    charge.set(document.length)
    const parts = decode(bytes => {
      values = bytes
      charge.set(document.length + bytes)
    })
    const message = await inTurns(parts, () => {
      // Whoever waited for it has given it up.
      if (channel.failure instanceof HalibutError && channel.failure.kind === 'cancelled') throw channel.failure
    })
    charge.set(values)
    return [message, charge]
  } catch (why) {
    charge.release()
    throw why
  }
}
