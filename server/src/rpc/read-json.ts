import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'

/** The value of a JSON text from outside. Throws `parse_error`, and `invalid_request` where it is nested deeper than `jsonDepth`. */
export function readJson(text: string): unknown {
  if (isTooDeep(text, facadeLimits.jsonDepth)) {
    throw new HalibutError('invalid_request', `the JSON is nested deeper than ${facadeLimits.jsonDepth}`)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HalibutError('parse_error', cause instanceof Error ? `not JSON: ${cause.message.slice(0, 200)}` : 'not JSON', { cause })
  }
}

/** Looks at brackets outside strings only, so that deep nesting is refused before a parser recurses into it. */
function isTooDeep(text: string, maxDepth: number): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) i = endOfString(text, i)
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

/** The index of the quote that ends the string which begins at `start`; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}
