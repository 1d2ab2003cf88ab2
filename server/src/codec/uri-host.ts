/**
 * A URI’s host as .NET prints it: composed (NFC), lower-case, an IPv6 address in its brackets. `undefined` for one that .NET refuses: of
 * ASCII it takes letters, digits, `-`, `_` and `.` alone, no two dots in a row and none in front, and no more than 255 characters.
 */
export function printHost(host: string): string | undefined {
  if (host.startsWith('[')) return URL.canParse(`http://${host}/`) ? host.toLowerCase() : undefined
  if (!/^(?!\.|.*\.\.)[\w.\u0080-\uffff-]{1,255}$/.test(host) || /\p{Cs}/u.test(host)) return undefined
  // Each character by itself, as .NET has it: no final sigma, no letter that becomes two.
  return Array.from(host.normalize('NFC'), character => {
    const lower = character.toLowerCase()
    return lower.length === character.length ? lower : character
  }).join('')
}
