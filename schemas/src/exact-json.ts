const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** Reads JSON as people write it: whole numbers that JSON’s reader would round are kept to the digit, since their JSON form here is a text. */
export function parseExactJson(text: string): unknown {
  // A text whose quotes are not closed would be looked through from each of them.
  JSON.parse(text)
  return JSON.parse(text.replaceAll(tokens, exact))
}

function exact(token: string): string {
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token
}
