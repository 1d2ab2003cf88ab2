import {
  type Collection,
  emptyCollection,
  namesIn,
  problemText,
  readCollection,
  type SavedCall,
  writeCollection,
} from '@halibut-gateway/schemas/collection'
import { base64urlToBytes, bytesToBase64url, isBase64url } from '@halibut-gateway/schemas/wire'

/** Characters of a link: browsers and chats take that many. */
const linkChars = 16_384

/** A saved call with the variables that it names, as a part of an address; `undefined` where it is too long for one. */
export function linkOf(call: SavedCall, { name, variables = {} }: Collection): string | undefined {
  const names = namesIn([call])
  const named = Object.fromEntries(Object.entries(variables).filter(([each]) => names.has(each)))
  const text = JSON.stringify(JSON.parse(writeCollection({ ...emptyCollection(name), variables: named, calls: [call] })))
  const link = bytesToBase64url(new TextEncoder().encode(text))
  return link.length > linkChars ? undefined : link
}

/** What a link holds: somebody else has made it. */
export function readLink(link: string): { readonly collection: Collection } | { readonly problem: string } {
  if (link.length > linkChars) return { problem: `the link is longer than ${linkChars.toLocaleString('en')} characters` }
  if (!isBase64url(link)) return { problem: 'the link is cut off, or was changed on its way' }
  const read = readCollection(new TextDecoder().decode(base64urlToBytes(link)))
  if ('problems' in read) return { problem: read.problems.map(problemText).join('; ') }
  if (read.collection.calls.length !== 1) return { problem: `a link holds one call, and this one holds ${read.collection.calls.length}` }
  return read
}
