const perLine = 16

/** Bytes as a dump: where a line begins, its bytes, and those that are ASCII as letters. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += perLine) {
    const line = bytes.subarray(at, at + perLine)
    const digits = Array.from(line, byte => byte.toString(16).padStart(2, '0'))
    const hex = `${digits.slice(0, 8).join(' ')}  ${digits.slice(8).join(' ')}`.padEnd(perLine * 3)
    const letters = Array.from(line, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex} ${letters}`)
  }
  return lines.join('\n')
}
