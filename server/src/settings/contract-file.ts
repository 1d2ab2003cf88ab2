import { readFileSync } from 'node:fs'
import { checkContract } from '@halibut-gateway/schemas'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'
import { withoutMark } from './layer.ts'

/** A contract, and what a .NET peer could not take in it: no error, since the agent may be another one, but worth a line. */
export interface ReadContract {
  readonly contract: Contract
  readonly warnings: readonly string[]
}

/** Reads the JSON document of a contract. Throws `invalid_contract` with the file, the place and the reason. */
export function readContractFile(path: string): ReadContract {
  let document: unknown
  try {
    document = JSON.parse(withoutMark(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new HalibutError('invalid_contract', `${path}: ${messageOf(cause)}`, { cause })
  }
  const check = checkContract(document)
  if (check.ok) {
    return { contract: check.contract, warnings: check.warnings.map(({ place, message }) => `${path}: ${place}: ${message}`) }
  }
  throw new HalibutError(
    'invalid_contract',
    `${path}: ${check.issues.map(({ place, message }) => `${place || 'the document'}: ${message}`).join('; ')}`,
  )
}
