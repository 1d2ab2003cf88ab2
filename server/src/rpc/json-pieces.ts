/**
 * Whether the JSON text of a value has more than `chars` characters, as far as can be told without writing it: what has to be escaped counts
 * as one character. Looks at no more of the value than that takes.
 */
export function isLongJson(value: unknown, chars: number): boolean {
  return leftAfter(value, chars) < 0
}

/** What is left of `chars` behind a value; negative where it has more. */
function leftAfter(value: unknown, chars: number): number {
  switch (typeof value) {
    case 'string':
      return chars - value.length - 2
    case 'object':
      break
    default:
      return chars - 4
  }
  if (value === null) return chars - 4
  let left = chars - 2
  if (Array.isArray(value)) {
    for (const each of value) {
      left = leftAfter(each, left) - 1
      if (left < 0) break
    }
    return left
  }
  for (const key in value) {
    left = leftAfter((value as Record<string, unknown>)[key], left - key.length - 4)
    if (left < 0) break
  }
  return left
}

/** What is shorter is written at once. */
const smallChars = 4 * 1024
/** Of a long string, so much at a time. */
const stringChars = 32 * 1024

/**
 * The JSON text of a value in pieces of a few kilobytes, together the same value as `JSON.stringify` would write: a long text is never whole in
 * memory, and whoever takes the pieces may pause between them. For what JSON itself can hold: plain objects, arrays, strings, numbers, booleans
 * and null; members that are `undefined` are left out.
 */
export function* jsonPieces(value: unknown): Generator<string, void, void> {
  if (typeof value === 'string') yield* stringPieces(value)
  else if (typeof value !== 'object' || value === null || !isLongJson(value, smallChars)) yield JSON.stringify(value) ?? 'null'
  else if (Array.isArray(value)) yield* arrayPieces(value)
  else yield* objectPieces(value as Readonly<Record<string, unknown>>)
}

function* arrayPieces(items: readonly unknown[]): Generator<string, void, void> {
  let text = '['
  let first = true
  for (const item of items) {
    if (!first) text += ','
    first = false
    if (isLongJson(item, smallChars)) {
      yield text
      yield* jsonPieces(item)
      text = ''
    } else text += JSON.stringify(item) ?? 'null'
    if (text.length < smallChars) continue
    yield text
    text = ''
  }
  yield `${text}]`
}

function* objectPieces(members: Readonly<Record<string, unknown>>): Generator<string, void, void> {
  let text = '{'
  let first = true
  for (const [key, member] of Object.entries(members)) {
    if (member === undefined) continue
    text += `${first ? '' : ','}${JSON.stringify(key)}:`
    first = false
    if (isLongJson(member, smallChars)) {
      yield text
      yield* jsonPieces(member)
      text = ''
    } else text += JSON.stringify(member)
    if (text.length < smallChars) continue
    yield text
    text = ''
  }
  yield `${text}}`
}

function* stringPieces(text: string): Generator<string, void, void> {
  yield '"'
  for (let at = 0; at < text.length; ) {
    let end = at + stringChars
    // Both halves of a pair stay together: alone each would be escaped.
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end++
    yield JSON.stringify(text.slice(at, end)).slice(1, -1)
    at = end
  }
  yield '"'
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
