import { HalibutError } from '../base/errors.ts'
import type { Parts } from './clr-type.ts'

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

/** What decoding failed with, told with its place: decodes once more to find that. */
export function failedAt(first: unknown, decode: (trace: (string | number)[]) => unknown): unknown {
  if (isTooMuch(first)) return first
  const trace: (string | number)[] = []
  try {
    decode(trace)
    return first
  } catch (error) {
    return withPath(error, trace)
  }
}

/** {@link failedAt} for what was decoded in parts. */
export function* failedAtInParts(first: unknown, decode: (trace: (string | number)[]) => Parts<unknown>): Parts<unknown> {
  if (isTooMuch(first)) return first
  const trace: (string | number)[] = []
  try {
    yield* decode(trace)
    return first
  } catch (error) {
    return withPath(error, trace)
  }
}

/** Reading millions of elements again would double what a hostile message costs, and .NET has no text for it. */
function isTooMuch(why: unknown): boolean {
  return why instanceof HalibutError && why.dotnetType === undefined && (why.kind === 'message_too_large' || why.kind === 'memory_limit')
}

function withPath(error: unknown, trace: readonly (string | number)[]): unknown {
  if (!(error instanceof HalibutError)) return error
  return new HalibutError(error.kind, `${error.message} Path '${pathOf(trace)}'.`, { dotnetType: error.dotnetType, cause: error })
}
