import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { HalibutError } from '../base/errors.ts'
import type { AuditRecord } from '../store/records.ts'
import type { AuditHead } from '../store/store.ts'
import { type AuditCopy, CutOffCopy } from './audit-copy.ts'
import { parseHead, signHead } from './signed-head.ts'

/**
 * An audit log as lines of JSON, for whoever is to look through it without the gateway: first whose it is and from where it goes on, then an entry a
 * line as it is stored, and at the end the signed head of the last.
 */
const format = 'halibut-gateway-audit/1'

interface Beginning {
  readonly format: typeof format
  readonly certificates: readonly string[]
  readonly anchor?: string
}

/** The lines of a copy, without their ends. */
export async function* exportLines(copy: AuditCopy): AsyncGenerator<string, void, void> {
  const { certificates, anchor, signer } = copy
  const beginning: Beginning = { format, certificates, ...(anchor !== undefined && { anchor }) }
  yield JSON.stringify(beginning)
  let last: AuditHead | undefined
  for await (const { sequence, atMs, text, hash } of copy.entries()) {
    yield JSON.stringify({ sequence, atMs, text, hash })
    last = { sequence, hash }
  }
  const head = last && signer ? signHead(last, signer) : copy.ownHead()
  yield JSON.stringify({ head: head ?? null })
}

/** Opens a file of such lines. Rejects with `invalid_argument` where it is none. */
export async function openExport(path: string): Promise<AuditCopy> {
  const input = createReadStream(path)
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  const close = async (): Promise<void> => {
    await lines.return?.()
    input.destroy()
  }
  try {
    const beginning = parseBeginning(path, (await lines.next()).value as string | undefined)
    let ownHead: string | undefined
    let isEnded = false
    async function* entries(): AsyncGenerator<AuditRecord, void, void> {
      let last = beginning.anchor === undefined ? 0 : parseHead(beginning.anchor).sequence
      for (let line = await lines.next(); !line.done; line = await lines.next()) {
        const value = parseLine(line.value)
        if (isEnded) throw new HalibutError('invalid_argument', `${path}: there is something behind its end`)
        if (typeof value === 'object' && value !== null && 'head' in value) {
          isEnded = true
          ownHead = typeof value.head === 'string' ? value.head : undefined
        } else {
          last++
          // What is no entry is one that was changed.
          yield isRecord(value) ? value : { sequence: last, atMs: 0, text: line.value, hash: '' }
        }
      }
      if (!isEnded) throw new CutOffCopy(last)
    }
    return {
      certificates: beginning.certificates,
      anchor: beginning.anchor,
      last: undefined,
      signer: undefined,
      entries,
      ownHead: () => ownHead,
      close,
    }
  } catch (why) {
    await close()
    throw why
  }
}

function parseBeginning(path: string, line: string | undefined): Beginning {
  const value = line === undefined ? undefined : (parseLine(line) as Partial<Beginning> | null | undefined)
  const { certificates, anchor } = value ?? {}
  const isOurs =
    value?.format === format &&
    Array.isArray(certificates) &&
    certificates.every(each => typeof each === 'string') &&
    (anchor === undefined || typeof anchor === 'string')
  if (!isOurs)
    throw new HalibutError('invalid_argument', `${path} is no state folder, no backup and no audit log that was exported`, {
      advice: 'name one of these; halibut-gateway audit export writes one',
    })
  return value as Beginning
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is AuditRecord {
  if (typeof value !== 'object' || value === null) return false
  const { sequence, atMs, text, hash } = value as Record<string, unknown>
  return Number.isSafeInteger(sequence) && typeof atMs === 'number' && typeof text === 'string' && typeof hash === 'string'
}
