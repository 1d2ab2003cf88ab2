import { base64urlToBytes, bytesToBase64url } from '@halibut-gateway/schemas/wire'

/** The ways in which bytes are shown and typed. */
export const byteForms = ['text', 'hex', 'base64'] as const
export type ByteForm = (typeof byteForms)[number]

const hexPerLine = 16

/** Bytes in a form. Hex has lines of sixteen bytes. */
export function formatBytesAs(form: ByteForm, bytes: Uint8Array): string {
  switch (form) {
    case 'text':
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    case 'hex': {
      const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
      const lines: string[] = []
      for (let i = 0; i < digits.length; i += hexPerLine) lines.push(digits.slice(i, i + hexPerLine).join(' '))
      return lines.join('\n')
    }
    case 'base64':
      return bytesToBase64url(bytes)
        .replaceAll('-', '+')
        .replaceAll('_', '/')
        .padEnd(Math.ceil(bytes.length / 3) * 4, '=')
  }
}

/** The bytes of a text in a form; `undefined` where it is none in that form. Base64 of either alphabet is taken, with `=` or without. */
export function parseBytesAs(form: ByteForm, text: string): Uint8Array | undefined {
  switch (form) {
    case 'text':
      return new TextEncoder().encode(text)
    case 'hex': {
      const digits = text.replaceAll(/0x|[\s,:-]/gi, '')
      if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined
      return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
    }
    case 'base64': {
      const letters = text
        .replaceAll(/\s|=+\s*$/g, '')
        .replaceAll('+', '-')
        .replaceAll('/', '_')
      try {
        return /^[\w-]*$/.test(letters) && letters.length % 4 !== 1 ? base64urlToBytes(letters) : undefined
      } catch {
        return undefined
      }
    }
  }
}

/** The form that shows bytes best: text where they are some. */
export function bestForm(bytes: Uint8Array): ByteForm {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? 'hex' : 'text'
  } catch {
    return 'hex'
  }
}
