import { HalibutError } from '../base/errors.ts'

/** A JSON pointer (RFC 6901). */
export function pointerOf(trace: readonly (string | number)[]): string {
  return trace.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** A path as .NET’s reader prints it: `Message.params[0].Name`. */
function pathOf(trace: readonly (string | number)[]): string {
  let path = ''
  for (const part of trace) {
    if (typeof part === 'number') path += `[${part}]`
    else if (/^[^.'[\]()\s"]+$/.test(part)) path += path === '' ? part : `.${part}`
    else path += `['${part.slice(0, 128)}']`
  }
  return path.length > 1_000 ? `${path.slice(0, 1_000)}…` : path
}

/** Decodes; where that fails, once more to find the place, which the error then tells. `otherwise` stands for a null message. */
export function decodePlace<T, N>(decode: (trace: (string | number)[] | undefined) => T | undefined, otherwise: () => N): T | N {
  try {
    return decode(undefined) ?? otherwise()
  } catch (first) {
    // Reading millions of elements again would double what a hostile message costs, and .NET has no text for it.
    if (first instanceof HalibutError && first.kind === 'message_too_large' && first.dotnetType === undefined) throw first
    const trace: (string | number)[] = []
    try {
      return decode(trace) ?? otherwise()
    } catch (error) {
      if (!(error instanceof HalibutError)) throw error
      throw new HalibutError(error.kind, `${error.message} Path '${pathOf(trace)}'.`, { dotnetType: error.dotnetType, cause: error })
    }
  }
}
