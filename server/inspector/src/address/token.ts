/**
 * The token that stands in an address behind `#`, as the gateway prints it (`#token=…`), and what is left of that part without it: a token in
 * an address is copied along with it, so none stays there.
 */
export function takeToken(hash: string): { readonly token: string | undefined; readonly rest: string } {
  const token = /[#&?]token=([^&]*)/.exec(hash)?.[1]
  if (token === undefined) return { token: undefined, rest: hash }
  const rest = hash.replace(/([#&?])token=[^&]*(&|$)/, (_all, before: string, after: string) =>
    after === '' && before !== '#' ? '' : before,
  )
  return { token: tidyToken(token) ?? '', rest: rest === '#' ? '' : rest }
}

/** A token as somebody pastes it: the address that the gateway prints, or the token alone, perhaps with quotes or `Bearer` before it. */
export function tidyToken(pasted: string): string | undefined {
  const [, inAddress] = /[#&?]token=([^&\s]*)/.exec(pasted) ?? []
  const text = (inAddress ?? pasted)
    .trim()
    .replace(/^Bearer\s+/i, '')
    .replace(/^["']|["']$/g, '')
  try {
    return decodeURIComponent(text) || undefined
  } catch {
    return text
  }
}
