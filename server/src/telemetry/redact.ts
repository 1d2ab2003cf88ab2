/** What stands in the place of a secret. */
const redacted = '[redacted]'
/** How members are called that hold one. */
const secretName = /^(authorization|cookie|passw(or)?d|passphrase|secret|token|ticket|resumeToken|credential|keyPem|privateKey)$/i
/** What looks like one, wherever it stands: our tokens and tickets, bearer tokens, JWTs, private keys, passwords in addresses. */
const secretText =
  /\bhg[wt]_[\w-]{8,}|\bBearer +[\w.~+/=-]+|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|$)|(?<=:\/\/)[^\s/@:]{0,256}:[^\s/@]{1,256}(?=@)/g
/** What is nested deeper is not for a log. */
const maxDepth = 5

/** What moves the cursor of whoever reads a log, or turns a text round. JSON writes the others of ASCII as escapes. */
const tricks = /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** A text without the secrets that may stand in it. */
export function withoutSecrets(text: string): string {
  return text.replace(secretText, redacted)
}

/** The message of a line: no text of others in it makes another line, or is anything but text where it is read. */
export function messageWithoutSecrets(text: string): string {
  return withoutSecrets(text)
    .replace(tricks, '\ufffd')
    .replace(/\p{Cc}/gu, escaped)
}

function escaped(character: string): string {
  return JSON.stringify(character).slice(1, -1)
}

/** Facts of a line of the log without the secrets in them. Errors become their stacks. */
export function factsWithoutSecrets(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, secretName.test(name) ? redacted : safe(value, maxDepth)]))
}

function safe(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutSecrets(value).replace(tricks, '\ufffd')
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Error) return withoutSecrets(value.stack ?? value.message).replace(tricks, '\ufffd')
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.map(item => safe(item, depth - 1))
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return withoutSecrets(String(value))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, secretName.test(name) ? redacted : safe(each, depth - 1)]))
}
