/** A JSON text; `undefined` where it is none, so that a newer gateway may send what we do not know. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
